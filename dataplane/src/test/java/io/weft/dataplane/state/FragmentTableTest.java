package io.weft.dataplane.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class FragmentTableTest {
    private static final long PRESENT = 1L << 40;

    private final FragmentTable table = new FragmentTable();
    private final FragmentDecision decision = new FragmentDecision();

    private static long datagram(int ingress, int id) {
        return PRESENT | (long) ingress << 24 | 17 << 16 | id;
    }

    private void publish(long addresses, long datagram, int value, int now) {
        decision.action = value % 3;
        decision.reason = value & 0xFF;
        decision.egress = value;
        decision.addressDelta = value & 0xFFFF;
        decision.newAddressesRaw = (long) value * value;
        decision.hash = -value;
        assertTrue(table.publish(addresses, datagram, decision, now));
    }

    @Test
    void findsWhatWasPublishedUntilItsTimeIsOver() {
        publish(7, datagram(2, 1), 0x0312_3456, 100);
        FragmentDecision found = new FragmentDecision();
        assertTrue(table.find(7, datagram(2, 1), 129, found));
        assertEquals(0x0312_3456, found.egress);
        assertEquals(0x3456, found.addressDelta);
        assertEquals(0x56, found.reason);
        assertEquals(0x0312_3456L * 0x0312_3456L, found.newAddressesRaw);
        assertEquals(-0x0312_3456, found.hash);
        assertFalse(table.find(7, datagram(2, 1), 130, found));
        assertFalse(table.find(7, datagram(3, 1), 100, found));
        assertFalse(table.find(8, datagram(2, 1), 100, found));
        assertFalse(table.find(7, datagram(2, 2), 100, found));
        publish(7, datagram(2, 1), 5, 110);
        assertTrue(table.find(7, datagram(2, 1), 130, found));
        assertEquals(5, found.egress);
    }

    @Test
    void theIngressWithMostEntriesLosesItsOldest() {
        FragmentDecision found = new FragmentDecision();
        for (int id = 0; id < 200; id++) {
            publish(id, datagram(3, id), id, 100);
        }
        for (int id = 0; id < 60_000; id++) {
            publish(1_000_000L + id, datagram(2, id), id, 100);
        }
        int kept = 0;
        for (int id = 0; id < 200; id++) {
            kept += table.find(id, datagram(3, id), 100, found) ? 1 : 0;
        }
        assertEquals(200, kept);
        assertTrue(table.find(1_000_000L + 59_999, datagram(2, 59_999), 100, found));
    }

    @Test
    void announcesInOrderAndReportsMissedAnnouncements() {
        long cursor = table.published();
        assertEquals(FragmentTable.NOTHING, table.announced(cursor));
        publish(7, datagram(2, 1), 1, 100);
        publish(8, datagram(2, 2), 2, 100);
        assertEquals(FragmentTable.hash(7, datagram(2, 1)), (int) table.announced(cursor));
        assertEquals(FragmentTable.hash(8, datagram(2, 2)), (int) table.announced(cursor + 1));
        assertEquals(FragmentTable.NOTHING, table.announced(cursor + 2));
        for (int id = 0; id < FragmentTable.ANNOUNCEMENTS; id++) {
            publish(9, datagram(2, id), id, 100);
        }
        assertEquals(FragmentTable.MISSED, table.announced(cursor));
        assertEquals(FragmentTable.NOTHING, table.announced(table.published()));
    }

    /** Few keys in the same buckets, so that writers and readers collide. */
    @Test
    void noReaderSeesHalfOfADecision() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<Long>> readers = new ArrayList<>();
            List<Future<Long>> writers = new ArrayList<>();
            for (int n = 0; n < 2; n++) {
                int seed = n;
                writers.add(threads.submit(() -> write(seed)));
                readers.add(threads.submit((Callable<Long>) () -> read(seed, stop)));
            }
            for (Future<Long> writer : writers) {
                writer.get();
            }
            stop.set(true);
            for (Future<Long> reader : readers) {
                assertTrue(reader.get() > 0);
            }
        }
    }

    private long write(int seed) {
        Random random = new Random(seed);
        FragmentDecision own = new FragmentDecision();
        for (int i = 0; i < 2_000_000; i++) {
            int value = random.nextInt() & 0xFFFF_FF00;
            own.egress = value;
            own.newAddressesRaw = (long) value * value;
            own.hash = -value;
            own.addressDelta = value >>> 16;
            table.publish(7, datagram(2, random.nextInt(32)), own, 100);
        }
        return 0;
    }

    private long read(int seed, AtomicBoolean stop) {
        Random random = new Random(seed);
        FragmentDecision found = new FragmentDecision();
        long count = 0;
        while (!stop.get()) {
            if (table.find(7, datagram(2, random.nextInt(32)), 100, found)) {
                assertEquals((long) found.egress * found.egress, found.newAddressesRaw);
                assertEquals(-found.egress, found.hash);
                assertEquals(found.egress >>> 16, found.addressDelta);
                count++;
            }
        }
        return count;
    }
}
