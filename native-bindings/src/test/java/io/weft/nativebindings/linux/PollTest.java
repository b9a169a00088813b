package io.weft.nativebindings.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class PollTest {
    private static final int GENEROUS_MILLIS = 20_000;

    @Test
    void signalWakesAndDrainingClears() {
        try (EventFd event = new EventFd()) {
            Poll poll = new Poll(2);
            poll.set(1, event.fd(), Poll.POLLIN);
            assertEquals(0, poll.poll(0));
            event.signal();
            event.signal();
            assertEquals(1, poll.poll(GENEROUS_MILLIS));
            assertEquals(0, poll.ready(0));
            assertEquals(Poll.POLLIN, poll.ready(1));
            assertEquals(2, event.drain());
            assertEquals(0, event.drain());
            assertEquals(0, poll.poll(0));
            poll.clear(1);
            event.signal();
            assertEquals(0, poll.poll(0));
        }
    }

    @Test
    void anotherThreadWakesASleeper() throws InterruptedException {
        try (EventFd event = new EventFd()) {
            Poll poll = new Poll(1);
            poll.set(0, event.fd(), Poll.POLLIN);
            Thread waker = Thread.ofPlatform().start(event::signal);
            assertEquals(1, poll.poll(GENEROUS_MILLIS));
            waker.join();
        }
    }

    @Test
    void closedDescriptorIsReported() {
        EventFd event = new EventFd();
        Poll poll = new Poll(1);
        poll.set(0, event.fd(), Poll.POLLIN);
        event.close();
        event.close();
        assertEquals(1, poll.poll(0));
        assertEquals(Poll.POLLNVAL, poll.ready(0));
        assertThrows(IndexOutOfBoundsException.class, () -> poll.ready(1));
    }
}
