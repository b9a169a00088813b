package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.graph.GraphFixture.Outcome;
import io.weft.dataplane.port.FaultyPort;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.encap.memory.Memory;
import io.weft.lb.service.ServiceTable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What is thrown outside of a node's {@code process} costs a frame at most, except where all frames depend on it, and never the worker.
 *
 * <p>The frame that costs an exception lies in memory that is not the pool's, as none does unless Weft has a fault: whoever looks for its chunk throws.
 */
class GraphFaultTest {
    private static final long SECOND = 1_000_000_000;
    private static final String NEW = "192.0.2.200";
    private static final int SLOT = 20;

    private final GraphFixture node = new GraphFixture(512, 1024, MemoryPort.Sent.CAPTURED);

    @AfterEach
    void close() {
        node.close();
    }

    /** Lets a pod's port receive a frame that lies in no chunk of the pool, in place of one that does. */
    private void offerForeign(byte[] frame) {
        node.pool.allocate();
        offerOutside(frame);
    }

    private void offerOutside(byte[] frame) {
        long at = node.map(4L * CHUNK) + CHUNK + FramePool.HEADROOM;
        Memory.copyIn(frame, 0, at, frame.length);
        assertTrue(node.ports[POD_A].offer(at, frame.length));
    }

    private void offer(byte[] frame) {
        assertTrue(node.ports[POD_A].offer(frame));
    }

    private Outcome run() {
        return node.run(POD_B);
    }

    private long faults() {
        return node.graph.faults().count();
    }

    // -- ip4-frag ----------------------------------------------------------------------------------------------------

    private static byte[] tooLong(int length) {
        return fromA(Packet.of("10.244.1.2", "10.244.2.9").udp(1000, 53, Packet.payload(length)).fragment(0));
    }

    @Test
    void aPacketWhoseFragmentsCannotBeWrittenLeavesNoChunkBehind() {
        offer(tooLong(1600));
        offerOutside(tooLong(1600));
        offer(tooLong(1600));
        Outcome outcome = run();
        assertEquals(Map.of(DropReason.INTERNAL_ERROR, 1L), outcome.drops());
        assertEquals(2 + 2, outcome.sent().get(UPLINK).size());
        assertEquals(1 + 1, node.total(FrameTotal.ORIGINATED));
        assertEquals(node.pool.chunks(), node.pool.free());
        assertInstanceOf(IndexOutOfBoundsException.class, node.graph.faults().last());
        assertEquals(3, node.run(POD_A, tooLong(3000)).sent().get(UPLINK).size());
    }

    // -- neighbour-hold ----------------------------------------------------------------------------------------------

    private static byte[] toNew(int port) {
        return fromA(Packet.of("10.244.1.2", NEW).udp(port, 53));
    }

    private void resolve() {
        assertTrue(node.state.adjacencies().bindNextHop(Ipv4Address.of(NEW), SLOT));
        node.state.adjacencies().writeUnderlay(SLOT, MacAddress.of("02:00:00:00:20:20"), UPLINK_MAC, 1500);
    }

    private void holdForNeighbour() {
        offer(toNew(1));
        offerForeign(toNew(2));
        offer(toNew(3));
        assertEquals("", run().toString());
        assertEquals(3, node.total(FrameTotal.IN_FLIGHT));
    }

    @Test
    void aHeldPacketThatCannotGoOnIsDroppedAndTheOthersGoOn() {
        holdForNeighbour();
        resolve();
        Outcome outcome = run();
        assertEquals(Map.of(DropReason.INTERNAL_ERROR, 1L), outcome.drops());
        assertEquals(2, outcome.sent().get(UPLINK).size());
        assertEquals(0, node.total(FrameTotal.IN_FLIGHT));
        assertEquals(0, node.graph.held());
        assertEquals(1, faults());
    }

    @Test
    void aHeldPacketThatCannotBeAnsweredIsDroppedAndTheOthersAreAnswered() {
        holdForNeighbour();
        node.now += 4 * SECOND;
        Outcome outcome = run();
        assertEquals(Map.of(DropReason.INTERNAL_ERROR, 1L, DropReason.NEIGHBOUR_UNRESOLVED, 2L), outcome.drops());
        assertEquals(2, outcome.sent().get(POD_A).size());
        assertEquals(0, node.graph.held());
        assertEquals(1, faults());
    }

    // -- fragment-hold -----------------------------------------------------------------------------------------------

    private static byte[] firstFragment(int id) {
        return fromA(Packet.of("10.244.1.2", "10.244.2.9").id(id).checksum(Packet.Checksum.NONE)
            .udp(700, 701, new byte[24]).fragment(0x2000));
    }

    private static byte[] laterFragment(int id) {
        return fromA(Packet.of("10.244.1.2", "10.244.2.9").id(id).protocol(Packet.UDP, new byte[16]).fragment(4));
    }

    private void holdFragments() {
        offer(laterFragment(7));
        offerForeign(laterFragment(7));
        offer(laterFragment(7));
        assertEquals("", run().toString());
        assertEquals(3, node.total(FrameTotal.IN_FLIGHT));
    }

    @Test
    void aHeldFragmentThatCannotGoOnIsDroppedAndTheOthersFollowTheFirst() {
        holdFragments();
        Outcome outcome = node.run(POD_A, firstFragment(7));
        assertEquals(Map.of(DropReason.INTERNAL_ERROR, 1L), outcome.drops());
        assertEquals(3, outcome.sent().get(UPLINK).size());
        assertEquals(0, node.graph.held());
        assertEquals(1, faults());
    }

    @Test
    void aHeldFragmentThatCannotTimeOutIsDropped() {
        holdFragments();
        node.now += 40 * SECOND;
        assertEquals(Map.of(DropReason.INTERNAL_ERROR, 1L, DropReason.FRAG_TIMEOUT, 2L), run().drops());
        assertEquals(0, node.graph.held());
        assertEquals(1, faults());
    }

    /** Both release into one batch: what the one has put there is not the other's. */
    @Test
    void faultsOfBothHoldsInOneIterationCostOneFrameEach() {
        holdForNeighbour();
        offer(laterFragment(8));
        offerForeign(laterFragment(8));
        assertEquals("", run().toString());
        node.now += 40 * SECOND;
        assertEquals(Map.of(DropReason.INTERNAL_ERROR, 2L, DropReason.NEIGHBOUR_UNRESOLVED, 2L,
            DropReason.FRAG_TIMEOUT, 1L), run().drops());
        assertEquals(0, node.graph.held());
        assertEquals(0, node.total(FrameTotal.IN_FLIGHT));
        assertEquals(2, faults());
    }

    // -- what all frames depend on -----------------------------------------------------------------------------------

    /** Tables that no worker can use. */
    private record UnreadableTables(ForwardingTables tables) implements ForwardingTables {
        @Override
        public LocalNode local() {
            throw new IllegalStateException("injected");
        }

        @Override
        public long generation() {
            return tables.generation();
        }

        @Override
        public long route4(int destination) {
            throw new IllegalStateException("injected");
        }

        @Override
        public int peerByEndpoint(int address) {
            throw new IllegalStateException("injected");
        }

        @Override
        public ServiceTable services() {
            throw new IllegalStateException("injected");
        }

        @Override
        public ForwardingTables forWorker() {
            return this;
        }
    }

    @Test
    void whileTheTablesCannotBeReadFramesDropAndHeldOnesWait() {
        offer(toNew(1));
        run();
        resolve();
        ForwardingTables tables = node.state.tables();
        node.state.publish(new UnreadableTables(tables));
        byte[] frame = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000));
        for (int i = 0; i < 2; i++) {
            assertEquals(Map.of(DropReason.INTERNAL_ERROR, 2L), node.run(POD_A, frame, frame).drops());
        }
        assertEquals(1, node.total(FrameTotal.IN_FLIGHT));
        node.state.publish(tables);
        Outcome outcome = node.run(POD_A, frame);
        assertEquals(Map.of(), outcome.drops());
        assertEquals(List.of(1, 1), List.of(outcome.sent().get(UPLINK).size(), outcome.sent().get(POD_B).size()));
    }

    @Test
    void aPortThatCannotBeFlushedKeepsNoOtherFromIt() {
        Port[] ports = Arrays.copyOf(node.ports, node.ports.length, Port[].class);
        FaultyPort faulty = new FaultyPort(node.ports[POD_A]);
        ports[POD_A] = faulty;
        FaultyPort flushedLater = new FaultyPort(node.ports[POD_B]);
        ports[POD_B] = flushedLater;
        node.graph.use(ports);
        faulty.throwOn(FaultyPort.Fault.FLUSH);
        flushedLater.throwOn(FaultyPort.Fault.FLUSH);
        Outcome outcome = node.run(POD_A, tooLong(3000)); // a batch of fragments ends with a flush
        assertEquals(3, outcome.sent().get(UPLINK).size());
        assertEquals(2, faults());
    }
}
