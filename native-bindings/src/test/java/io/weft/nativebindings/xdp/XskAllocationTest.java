package io.weft.nativebindings.xdp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.support.VethPair;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/**
 * The calls of the packet path do not allocate once they are compiled: after enough rounds of frames, the JVM's count of allocated bytes
 * for this thread does not change.
 */
class XskAllocationTest {
    private static final int FRAMES = 20_000;
    private static final int MAX_ROUNDS = 100;

    @Test
    void ringsKickAndPollAllocateNothing() {
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b).attached(veth.b)) {
            Poll poll = new Poll(1);
            poll.set(0, b.socket.fd(), Poll.POLLIN);
            long allocated = roundAllocates(a, b, poll);
            for (int round = 1; allocated != 0 && round < MAX_ROUNDS; round++) {
                allocated = roundAllocates(a, b, poll);
            }
            assertEquals(0, allocated, "bytes for " + FRAMES + " frames");
            assertEquals(0, b.socket.statistics().rxRingFull());
        }
    }

    private static long roundAllocates(XskPort a, XskPort b, Poll poll) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long received = transfer(a, b, poll, FRAMES);
        long after = threads.getCurrentThreadAllocatedBytes();
        assertEquals(FRAMES, received);
        return after - before;
    }

    /** Sends one frame at a time from a to b and reuses the chunk of each. */
    private static long transfer(XskPort a, XskPort b, Poll poll, int frames) {
        long received = 0;
        for (int i = 0; i < frames; i++) {
            FillRing fill = b.socket.fill();
            fill.put(0, 0);
            fill.submit(fill.reserve(1));
            TxRing tx = a.socket.tx();
            TxMetadata.requestChecksum(a.memory.address() + 256, 14, 6);
            tx.put(0, 256, 60, 0);
            tx.submit(tx.reserve(1));
            if (tx.needWakeup()) { a.socket.kick(); }
            while (b.socket.rx().peek(1) == 0) {
                poll.poll(100);
            }
            received += b.socket.rx().length(0) == 60 && b.socket.rx().address(0) == 256 ? 1 : 0;
            b.socket.rx().release(1);
            CompletionRing completion = a.socket.completion();
            while (completion.peek(1) == 0) {
                Thread.onSpinWait();
            }
            completion.release(completion.at(0) == 256 ? 1 : 0);
        }
        return received;
    }
}
