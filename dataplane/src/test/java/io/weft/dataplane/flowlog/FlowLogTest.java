package io.weft.dataplane.flowlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.weft.encap.address.IpAddress;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.Epochs;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.MappedMemory;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records of flows on their way from the dataplane's threads through the file to a reader. */
class FlowLogTest {
    private static final int FLOWS = 1024;
    private static final int CLIENT = IpAddress.of("10.244.1.5").toInt();
    private static final int VIP = IpAddress.of("10.96.0.10").toInt();
    private static final int BACKEND = IpAddress.of("10.244.2.7").toInt();
    private static final int NOW = 1000;
    private static final int LONG = 100_000;
    private static final int TEN_MINUTES = 600;

    @TempDir private Path run;
    private final MappedMemory flowMemory = MappedMemory.anonymous(FlowTable.sizeFor(FLOWS), false);
    private final MappedMemory bitmaps = MappedMemory.anonymous(SnatPorts.BITMAPS_LENGTH, false);
    private final FlowTable flows = FlowTable.create(flowMemory.address(), flowMemory.size(), FLOWS, 1);
    private final SnatPorts ports = new SnatPorts(bitmaps.address(), 61_000, 61_999);

    @AfterEach
    void free() {
        flowMemory.close();
        bitmaps.close();
    }

    private FlowLog log(boolean withStarts) {
        return FlowLog.create((name, bytes) -> MappedMemory.createFile(run.resolve(name), bytes), 1, flows, ports, 7,
            withStarts);
    }

    private FlowExpiry expiry(FlowLogWriter writer) {
        Epochs epochs = new Epochs() {
            @Override
            public long current() {
                return 1;
            }

            @Override
            public boolean passed(long epoch) {
                return true;
            }
        };
        return new FlowExpiry(flows, FlowTimeouts.defaults(), epochs, writer);
    }

    private long insert(int port, int protocol, int state) {
        long k0 = FlowKey.k0(CLIENT, VIP);
        long k1 = FlowKey.k1(port, 80, protocol);
        FlowTemplate template = new FlowTemplate().reset(k0, k1, state, NOW);
        template.bornMillis = NOW * 1000 + 250;
        template.newDst = BACKEND;
        template.newDport = 8080;
        template.flags = FlowEntry.SERVICE | FlowEntry.DNAT;
        template.forwardIngress = 2;
        return FlowTable.entry(flows.insertPair(FlowHash.hash(k0, k1), k0, k1, template));
    }

    private List<FlowLogRecord> read() {
        List<FlowLogRecord> records = new ArrayList<>();
        try (FlowLogReader reader = FlowLogReader.open(run).orElseThrow()) {
            reader.read(records::add, Integer.MAX_VALUE);
        }
        return records;
    }

    @Test
    void anEndHasBothDirectionsItsTimesAndItsReason() {
        try (FlowLog log = log(false)) {
            FlowExpiry expiry = expiry(log.conductor());
            long forward = insert(40_000, IpProtocol.IPPROTO_UDP, FlowState.UDP_UNREPLIED);
            FlowEntry.account(forward, 100, NOW + 2);
            FlowEntry.account(forward, 50, NOW + 3);
            FlowEntry.account(flows.peer(forward), 1400, NOW + 5);
            log.worker(0).started(forward);
            expiry.scan(NOW + 30, FLOWS * 4, null);
            assertEquals(List.of(), read(), "starts are not wanted, and it has not ended");
            expiry.scan(NOW + 35, FLOWS * 4, null);
            FlowLogRecord record = read().getFirst();
            assertEquals(FlowEndReason.TIMEOUT, record.reason());
            assertEquals("17 10.244.1.5:40000 -> 10.96.0.10:80 as 10.244.1.5:40000 -> 10.244.2.7:8080 udp_unreplied",
                record.flow().toString());
            assertEquals(List.of(2L, 150L, 1L, 1400L), List.of(record.flow().packets(), record.flow().bytes(),
                record.replyPackets(), record.replyBytes()));
            assertEquals(4750, record.lastMillis() - record.firstMillis());
            assertEquals(2, record.flow().ingress());
            assertEquals(List.of(), read(), "each record is read once");
        }
    }

    @Test
    void reasonsFollowFromTheStateAndFromWhoEndedTheFlow() {
        try (FlowLog log = log(true)) {
            FlowLogWriter writer = log.conductor();
            FlowExpiry expiry = expiry(writer);
            int[] states = {FlowState.TIME_WAIT, FlowState.CLOSE, FlowState.ESTABLISHED};
            for (int i = 0; i < states.length; i++) {
                writer.started(insert(40_000 + i, IpProtocol.IPPROTO_TCP, states[i]));
            }
            expiry.scan(NOW + TEN_MINUTES, FLOWS * 4, null);
            expiry.scan(NOW + TEN_MINUTES, FLOWS * 4, _ -> {
                writer.invalidBecause(FlowEndReason.ENDPOINT_REMOVED);
                return false;
            });
            List<FlowLogRecord> records = read();
            assertEquals(3, records.stream().filter(FlowLogRecord::isStart).count());
            List<String> ends = records.stream().filter(record -> !record.isStart())
                .map(record -> record.flow().sourcePort() + " " + record.reason()).sorted().toList();
            assertEquals(List.of("40000 fin", "40001 rst", "40002 endpoint_removed"), ends);
            long evicted = insert(40_003, IpProtocol.IPPROTO_TCP, FlowState.SYN_SENT);
            assertTrue(evicted != 0);
        }
    }

    @Test
    void theFullTableIsAReasonOfItsOwn() {
        try (FlowLog log = log(false)) {
            FlowExpiry expiry = expiry(log.conductor());
            for (int port = 0; port < flows.highWater(); port++) {
                insert(10_000 + port, IpProtocol.IPPROTO_TCP, FlowState.SYN_SENT);
            }
            expiry.scan(NOW + 3, FLOWS * 4, null);
            assertTrue(read().stream().anyMatch(record -> record.reason() == FlowEndReason.TABLE_FULL));
        }
    }

    @Test
    void recordsWithoutRoomAreCountedAndCostNoMemory() {
        try (FlowLog log = log(true)) {
            FlowLogWriter writer = log.worker(0);
            long forward = insert(40_000, IpProtocol.IPPROTO_UDP, FlowState.UDP_UNREPLIED);
            writer.started(forward);
            long thread = Thread.currentThread().threadId();
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            for (int i = 0; i < LONG; i++) {
                writer.started(forward); // warm
            }
            long before = threads.getThreadAllocatedBytes(thread);
            for (int i = 0; i < LONG; i++) {
                writer.started(forward);
            }
            assertTrue(threads.getThreadAllocatedBytes(thread) - before < 1024, "allocates");
            try (FlowLogReader reader = FlowLogReader.open(run).orElseThrow()) {
                int read = reader.read(_ -> {
                }, Integer.MAX_VALUE);
                assertEquals(2L * LONG + 1, read + reader.lost());
                assertTrue(read > 40_000, read + " fit");
                writer.started(forward);
                assertEquals(1, reader.read(_ -> {
                }, Integer.MAX_VALUE), "there is room again");
            }
        }
    }

    @Test
    void aReaderNoticesTheNextDataplane() {
        FlowLog first = log(false);
        try (FlowLogReader reader = FlowLogReader.open(run).orElseThrow()) {
            assertTrue(reader.isCurrent());
            first.close();
            assertTrue(reader.isCurrent(), "the file is there to be read to the end");
            assertTrue(run.resolve("flow-records").toFile().delete());
            assertFalse(reader.isCurrent());
        }
        assertTrue(FlowLogReader.open(run).isEmpty());
    }
}
