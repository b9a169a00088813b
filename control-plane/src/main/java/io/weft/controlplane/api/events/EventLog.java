package io.weft.controlplane.api.events;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The latest events, in memory. Any thread. */
public final class EventLog {
    private static final int MAX_EVENTS = 1024;

    private final Deque<Event> events = new ArrayDeque<>();
    private long lastId;

    synchronized void add(String type, String subject, String state, String detail) {
        if (events.size() == MAX_EVENTS) {
            events.removeFirst();
        }
        lastId++;
        events.addLast(new Event(lastId, Instant.now().truncatedTo(ChronoUnit.MILLIS).toString(), type, subject, state,
            detail));
        notifyAll();
    }

    /** Id of the newest event; 0 if there was none yet. */
    synchronized long lastId() {
        return lastId;
    }

    /** Id of the oldest event that is still here; one more than {@link #lastId} if there is none. */
    synchronized long firstId() {
        return lastId - events.size() + 1;
    }

    /**
     * Waits for events.
     *
     * @return those after an id; empty if none has come in time
     */
    synchronized List<Event> after(long id, long patienceMillis) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
        while (lastId <= id) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) { return List.of(); }
            wait(left);
        }
        return events.stream().filter(event -> event.id() > id).toList();
    }
}
