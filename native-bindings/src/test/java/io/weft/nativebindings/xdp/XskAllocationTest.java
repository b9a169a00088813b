package io.weft.nativebindings.xdp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.support.VethPair;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** The packet path's calls allocate nothing: counted by the virtual machine for this thread, once they are compiled. */
class XskAllocationTest {
    private static final int WARM_UP = 30_000;
    private static final int COUNTED = 20_000;

    @Test
    void ringsKickAndPollAllocateNothing() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (VethPair veth = new VethPair();
            XskPort a = XskPort.open(veth.a);
            XskPort b = XskPort.open(veth.b).attached(veth.b)) {
            Poll poll = new Poll(1);
            poll.set(0, b.socket.fd(), Poll.POLLIN);
            XskStatistics statistics = new XskStatistics();
            long sent = transfer(a, b, poll, WARM_UP);
            long before = threads.getCurrentThreadAllocatedBytes();
            sent += transfer(a, b, poll, COUNTED);
            long after = threads.getCurrentThreadAllocatedBytes();
            statistics.read(b.socket);
            assertEquals(0, after - before, "bytes for " + COUNTED + " frames");
            assertEquals(WARM_UP + COUNTED, sent);
            assertEquals(0, statistics.rxRingFull());
        }
    }

    /** One frame at a time from a to b; the chunk of each is used again. */
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
