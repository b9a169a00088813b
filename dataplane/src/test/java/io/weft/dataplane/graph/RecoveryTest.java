package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.FirstFragments;
import io.weft.dataplane.graph.node.GraphNode;
import io.weft.dataplane.port.FaultyPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.service.ServiceTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One frame's exception costs one frame. */
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
        assertInstanceOf(IllegalStateException.class, node.graph.lastFailure());
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
            new NodeRunner(node.counters, drop, fragile, last, drop).run(node.batch);
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
        faulty.throwOnTransmit(true);
        byte[] local = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000));
        GraphFixture.Outcome outcome = node.run(POD_A, toHost(1), local, toHost(2), local);
        assertEquals(2, outcome.drops().get(DropReason.INTERNAL_ERROR));
        assertEquals(2, outcome.sent().get(POD_B).size());
        assertNotNull(node.graph.lastFailure());

        faulty.throwOnTransmit(false);
        faulty.acceptAtMost(1);
        outcome = node.run(POD_A, toHost(1), local, toHost(2), toHost(1));
        assertEquals(2, outcome.drops().get(DropReason.TX_RING_FULL));
        assertEquals(1, outcome.sent().get(UPLINK).size());
    }
}
