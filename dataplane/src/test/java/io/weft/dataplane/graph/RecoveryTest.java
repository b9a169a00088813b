package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.FirstFragments;
import io.weft.dataplane.graph.node.GraphNode;
import io.weft.dataplane.port.FaultyPort;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.worker.Faults;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.service.ServiceTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An exception costs one frame, wherever it is thrown. */
class RecoveryTest {
    private final GraphFixture node = new GraphFixture();

    @AfterEach
    void close() {
        node.close();
    }

    /** Tables that throw when they are asked for certain addresses. */
    private static final class FaultyTables implements ForwardingTables {
        private final ForwardingTables tables;
        private final Set<Integer> poison;

        FaultyTables(ForwardingTables tables, Set<Integer> poison) {
            this.tables = tables;
            this.poison = poison;
        }

        @Override
        public LocalNode local() {
            return tables.local();
        }

        @Override
        public long generation() {
            return tables.generation();
        }

        @Override
        public long route4(int destination) {
            return tables.route4(checked(destination));
        }

        @Override
        public int peerByEndpoint(int address) {
            return tables.peerByEndpoint(checked(address));
        }

        @Override
        public ServiceTable services() {
            return tables.services();
        }

        @Override
        public ForwardingTables forWorker() {
            return new FaultyTables(tables.forWorker(), poison);
        }

        private int checked(int address) {
            if (poison.contains(address)) { throw new IllegalStateException("injected"); }
            return address;
        }
    }

    private void poison(String... addresses) {
        Set<Integer> poison = Set.copyOf(Arrays.stream(addresses).map(Ipv4Address::of)
            .toList());
        node.state.publish(new FaultyTables(node.state.tables(), poison));
    }

    private static byte[] toHost(int host) {
        return fromA(Packet.of("10.244.1.2", "10.244.2." + host).udp(1000, 2000));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "64", "33", "1 2 3", "62 63 64", "1 64", "2 4 6 8 10", "ALL"})
    void inFlowCreate(String bad) {
        String hosts = bad.equals("ALL") ? String.join(" ", IntStream.rangeClosed(1, 64).mapToObj(String::valueOf)
            .toList()) : bad;
        String[] list = hosts.split(" ");
        poison(Arrays.stream(list).map(host -> "10.244.2." + host).toArray(String[]::new));
        byte[][] frames = IntStream.rangeClosed(1, 64).mapToObj(RecoveryTest::toHost).toArray(byte[][]::new);

        GraphFixture.Outcome outcome = node.run(POD_A, frames);

        assertEquals(list.length, outcome.drops().get(DropReason.INTERNAL_ERROR).intValue());
        assertEquals(64 - list.length, node.total(FrameTotal.SENT));
        assertInstanceOf(IllegalStateException.class, node.graph.faults().last());
        assertEquals(64 - list.length, node.flows.flows());
    }

    @Test
    void inDecap() {
        poison("192.0.2.77");
        byte[] inner = Packet.of("10.244.2.9", "10.244.1.2").udp(1, 2).ethernet(VTEP_MAC, N2_VTEP_MAC).frame();
        byte[] bad = Packet.vxlan("192.0.2.77", "192.0.2.11", 1, inner).ethernet(UPLINK_MAC, N2_MAC).frame();
        byte[] good = fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(1, 2));
        GraphFixture.Outcome outcome = node.run(UPLINK, good, bad, good, bad, bad, good);
        assertEquals(3, outcome.drops().get(DropReason.INTERNAL_ERROR));
        assertEquals(3, outcome.sent().get(POD_A).size());
    }

    /** Fails at some frames: when it comes to them, or already while it looks at all. */
    private static final class FragileNode extends GraphNode {
        private final FrameList next;
        private final boolean looksFirst;
        private final Set<Integer> bad;
        private final Set<Integer> changed = new TreeSet<>();

        FragileNode(FrameList next, boolean looksFirst, Set<Integer> bad) {
            super(GraphNodeId.IP4_INPUT);
            this.next = next;
            this.looksFirst = looksFirst;
            this.bad = bad;
        }

        @Override
        public void process(FrameBatch batch) {
            for (int n = 0; looksFirst && n < in().size; n++) {
                check(in().index[n]);
            }
            for (int n = 0; n < in().size; n++) {
                assertTrue(changed.add(in().index[n]), "changed twice");
                check(in().index[n]);
                next.add(in().index[n]);
            }
        }

        private void check(int frame) {
            if (bad.contains(frame)) { throw new IllegalStateException("frame " + frame); }
        }

        @Override
        public boolean looksFirst() {
            return looksFirst;
        }
    }

    private static final class LastNode extends GraphNode {
        private final List<Integer> seen = new ArrayList<>();

        LastNode() {
            super(GraphNodeId.PORT_TX);
        }

        @Override
        public void process(FrameBatch batch) {
            for (int n = 0; n < in().size; n++) {
                seen.add(in().index[n]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theOtherFramesGoOnInTheirOrderAndAreWorkedOnOnce(boolean looksFirst) {
        Random random = new Random(7);
        for (int round = 0; round < 500; round++) {
            Set<Integer> bad = new TreeSet<>();
            IntStream.range(0, random.nextInt(8)).forEach(i -> bad.add(random.nextInt(20)));
            LastNode last = new LastNode();
            FragileNode fragile = new FragileNode(last.in(), looksFirst, bad);
            FramePool pool = new FramePool(1 << 20, 20, ChunkLayout.spread(2048));
            DropNode drop = new DropNode(node.counters, pool, new FirstFragments(new BatchContext(node.state)));
            for (int i = 0; i < 20; i++) {
                node.batch.at[i] = pool.allocate();
                fragile.in().add(i);
            }
            long before = node.counters.dropped(DropReason.INTERNAL_ERROR);
            new NodeRunner(new Faults(), node.counters, drop, fragile, last, drop).run(node.batch);
            assertEquals(IntStream.range(0, 20).filter(i -> !bad.contains(i)).boxed().toList(), last.seen);
            assertEquals(bad.size(), node.counters.dropped(DropReason.INTERNAL_ERROR) - before);
        }
    }

    @Test
    void inAPort() {
        FaultyPort faulty = new FaultyPort(node.ports[UPLINK]);
        Port[] ports = Arrays.copyOf(node.ports, node.ports.length, Port[].class);
        ports[UPLINK] = faulty;
        node.graph.use(ports);
        faulty.throwOn(FaultyPort.Fault.TRANSMIT);
        byte[] local = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000));
        GraphFixture.Outcome outcome = node.run(POD_A, toHost(1), local, toHost(2), local);
        assertEquals(2, outcome.drops().get(DropReason.INTERNAL_ERROR));
        assertEquals(2, outcome.sent().get(POD_B).size());
        assertNotNull(node.graph.faults().last());

        faulty.throwOn(FaultyPort.Fault.NONE);
        faulty.acceptAtMost(1);
        outcome = node.run(POD_A, toHost(1), local, toHost(2), toHost(1));
        assertEquals(2, outcome.drops().get(DropReason.TX_RING_FULL));
        assertEquals(1, outcome.sent().get(UPLINK).size());
    }

    // -- every stage and every node ----------------------------------------------------------------------------------

    private static final int CHUNKS = 1024;
    private static final int MAX_FLOWS = 4096;

    /** Two nodes that are given the same frames, of which one fails on demand. */
    private static final class Pair implements AutoCloseable {
        private final GraphFixture faulty;
        private final GraphFixture sound = new GraphFixture(CHUNKS, MAX_FLOWS, MemoryPort.Sent.CAPTURED);
        private FaultyRunner runner;

        Pair() {
            faulty = new GraphFixture(CHUNKS, MAX_FLOWS, MemoryPort.Sent.CAPTURED, Lanes.areUsable(),
                (faults, counters, drop, order) -> {
                    runner = new FaultyRunner(faults, counters, drop, order);
                    return runner;
                });
            for (GraphFixture node : List.of(faulty, sound)) {
                run(node, fastPathFrames());
                for (int id = 100; id < 103; id++) {
                    run(node, Map.of(POD_A, List.of(firstFragment(id))));
                }
            }
        }

        @Override
        public void close() {
            faulty.close();
            sound.close();
        }
    }

    /** Frames of known flows, three or more for each stage: both protocols, both directions, checksums left to the device. */
    private static Map<Integer, List<byte[]>> fastPathFrames() {
        List<byte[]> ofA = new ArrayList<>();
        List<byte[]> ofTunnel = new ArrayList<>();
        for (int port = 1000; port < 1004; port++) {
            ofA.add(fromA(Packet.of("10.244.1.2", "10.244.2.9").checksum(Packet.Checksum.PARTIAL).tcp(port, 80, ACK)));
            ofA.add(fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(port, 2000)));
            ofA.add(fromA(Packet.of("10.244.1.2", "203.0.113.5").udp(port, 2000)));
            ofTunnel.add(fromN2(Packet.of("10.244.2.9", "10.244.1.2").tcp(port, 8080, ACK)));
        }
        return Map.of(POD_A, ofA, UPLINK, ofTunnel);
    }

    /** Three frames for each node of the slow path. Each round has other flows. */
    private static Map<Integer, List<byte[]>> slowPathFrames(int round) {
        List<byte[]> ofA = new ArrayList<>();
        List<byte[]> ofTunnel = new ArrayList<>();
        for (int n = 0; n < 3; n++) {
            int port = 2000 + 3 * round + n;
            ofA.add(Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.1"));
            ofA.add(fromA(Packet.of("10.244.1.2", "10.244.2.9").checksum(Packet.Checksum.PARTIAL).udp(port, 80)));
            ofA.add(fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(port, 2000)));
            ofA.add(fromA(Packet.of("10.244.1.2", "192.0.2." + (100 + round)).udp(port, 53))); // not resolved
            ofA.add(fromA(Packet.of("10.244.1.2", "203.0.113.5").udp(port, 53)));
            ofA.add(fromA(Packet.of("10.244.1.2", "192.0.2.11").udp(port, 53)));
            ofA.add(fromA(Packet.of("10.244.1.2", "10.244.1.1").echo(port, 1)));
            ofA.add(fromA(Packet.of("10.244.1.2", "10.96.0.11").tcp(port, 80, SYN))); // no endpoints
            ofA.add(fromA(Packet.of("10.244.1.2", "10.244.1.9").ttl(1).udp(port, 80)));
            ofA.add(fromA(Packet.of("10.244.1.2", "10.244.1.3").fragment(0).checksum(Packet.Checksum.PARTIAL).udp(port,
                3000, Packet.payload(1500)))); // too long
            ofA.add(laterFragment(100 + n));
            ofA.add(laterFragment(1000 + port));
            ofTunnel.add(fromN2(Packet.of("10.244.2.9", "10.244.1.2").udp(port, 9)));
            ofTunnel.add(fromN2(Packet.of("10.244.2.9", "10.244.1.2").icmp(3, 3, 0, new byte[28]))); // quotes nothing
        }
        return Map.of(POD_A, ofA, UPLINK, ofTunnel);
    }

    private static byte[] firstFragment(int id) {
        return fromA(Packet.of("10.244.1.2", "10.244.2.9").id(id).checksum(Packet.Checksum.NONE)
            .udp(700, 701, new byte[24]).fragment(0x2000));
    }

    private static byte[] laterFragment(int id) {
        return fromA(Packet.of("10.244.1.2", "10.244.2.9").id(id).protocol(Packet.UDP, new byte[16]).fragment(4));
    }

    /** One batch; what the ports sent, and the drops. */
    private static GraphFixture.Outcome run(GraphFixture node, Map<Integer, List<byte[]>> frames) {
        frames.get(POD_A).forEach(frame -> assertTrue(node.ports[POD_A].offer(frame)));
        return node.run(UPLINK, frames.getOrDefault(UPLINK, List.of()).toArray(byte[][]::new));
    }

    /** In what order they were sent is not compared: those of one batch are sent stage by stage. */
    private static Map<String, Integer> sent(GraphFixture.Outcome outcome) {
        Map<String, Integer> sent = new TreeMap<>();
        outcome.sent().forEach((port, frames) -> frames.forEach(frame -> sent
            .merge(port + " " + frame.checksum() + " " + HexFormat.of().formatHex(frame.bytes()), 1, Integer::sum)));
        return sent;
    }

    /** Names of all that a graph consists of, asked of the graph itself. */
    static List<String> stagesAndNodes() {
        try (Pair pair = new Pair()) {
            run(pair.faulty, slowPathFrames(0));
            run(pair.faulty, fastPathFrames());
            List<String> names = pair.runner.names();
            names.forEach(name -> assertTrue(pair.runner.given(name) >= 3, name + ": too few frames in this test"));
            return names;
        }
    }

    @ParameterizedTest
    @MethodSource("stagesAndNodes")
    void aFaultCostsOneFrame(String name) {
        try (Pair pair = new Pair()) {
            int round = 1;
            for (FaultyRunner.Position position : FaultyRunner.Position.values()) {
                for (Throwable fault : List.of(new IllegalStateException("injected"), new AssertionError("injected"),
                    new InternalError("injected"))) {
                    faultCostsOneFrame(pair, name, position, fault, round++);
                }
            }
        }
    }

    private static void faultCostsOneFrame(Pair pair, String name, FaultyRunner.Position position, Throwable fault,
        int round) {
        String what = name + ", " + position + ", " + fault;
        pair.runner.failOnce(name, position, fault);
        GraphFixture.Outcome slowPath = compare(pair, slowPathFrames(round), what);
        GraphFixture.Outcome fastPath = compare(pair, fastPathFrames(), what);
        assertTrue(pair.runner.hasFailed(), what);
        assertSame(fault, pair.faulty.graph.faults().last());
        long lost = pair.runner.isRewriting(name) ? 1 : 0;
        assertEquals(lost, slowPath.drops().getOrDefault(DropReason.INTERNAL_ERROR, 0L)
            + fastPath.drops().getOrDefault(DropReason.INTERNAL_ERROR, 0L), what);

        assertEquals(sent(run(pair.sound, fastPathFrames())), sent(run(pair.faulty, fastPathFrames())), what);
    }

    /** Nothing is sent that is not sent without the fault, and of one frame at most something is missing: it may be one that is sent in fragments. */
    private static GraphFixture.Outcome compare(Pair pair, Map<Integer, List<byte[]>> frames, String what) {
        GraphFixture.Outcome expected = run(pair.sound, frames);
        GraphFixture.Outcome outcome = run(pair.faulty, frames);
        long lost = outcome.drops().getOrDefault(DropReason.INTERNAL_ERROR, 0L);
        Map<String, Integer> missing = sent(expected);
        sent(outcome).forEach((frame, count) -> missing.merge(frame, -count, Integer::sum));
        missing.values().removeIf(count -> count == 0);
        assertTrue(missing.values().stream().allMatch(count -> count > 0), () -> what + " sent: " + missing);
        assertTrue(missing.values().stream().mapToInt(Integer::intValue).sum() <= 2 * lost,
            () -> what + ": " + missing);
        return outcome;
    }
}
