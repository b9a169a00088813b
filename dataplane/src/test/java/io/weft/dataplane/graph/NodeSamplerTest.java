package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.GraphNodeId;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the nodes cost is measured in one batch of {@link NodeSampler#PERIOD}, on the fast path and on the slow path. */
class NodeSamplerTest {
    private final GraphFixture node = new GraphFixture();
    private final CounterReader reader = node.counterFile().reader();

    @AfterEach
    void close() {
        node.close();
    }

    /** Sends batches until one with frames was sampled: the fixture also runs the graph without any. */
    private void passSampledBatch(byte[]... frames) {
        long before = reader.sampledFrames(GraphNodeId.PORT_RX.ordinal());
        int runs = 0;
        while (reader.sampledFrames(GraphNodeId.PORT_RX.ordinal()) == before) {
            node.run(POD_A, frames);
            assertTrue(++runs < 4 * NodeSampler.PERIOD, "no batch was sampled");
        }
    }

    private Map<GraphNodeId, Long> sampledFrames() {
        Map<GraphNodeId, Long> frames = new EnumMap<>(GraphNodeId.class);
        for (GraphNodeId id : GraphNodeId.values()) {
            long count = reader.sampledFrames(id.ordinal());
            if (count > 0) {
                frames.put(id, count);
                assertTrue(id == GraphNodeId.PORT_RX || reader.sampledNanos(id.ordinal()) > 0, id.label());
            }
        }
        return frames;
    }

    @Test
    void aSampledBatchShowsItsFramesAndTheTimeOfEachNode() {
        byte[] known = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000));
        passSampledBatch(known);
        assertEquals(Map.of(GraphNodeId.PORT_RX, 1L, GraphNodeId.ETHERNET_INPUT, 1L, GraphNodeId.IP4_INPUT, 1L,
            GraphNodeId.FLOW_LOOKUP, 1L, GraphNodeId.FLOW_REWRITE, 1L, GraphNodeId.LOCAL_REWRITE, 1L,
            GraphNodeId.PORT_TX, 1L), sampledFrames());
    }

    @Test
    void batchesThatAreNotSampledAddNothing() {
        byte[] known = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000));
        passSampledBatch(known);
        Map<GraphNodeId, Long> before = sampledFrames();
        for (int n = 0; n < NodeSampler.PERIOD / 4; n++) {
            node.run(POD_A, known, known);
        }
        assertEquals(before, sampledFrames());
        passSampledBatch(known);
        assertEquals(2L, sampledFrames().get(GraphNodeId.PORT_RX));
    }

    @Test
    void aDroppedFrameCountsForTheNodesThatItPassed() {
        byte[] bad = fromA(Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000));
        bad[14] = 0x55; // IP version 5
        passSampledBatch(bad);
        assertEquals(Map.of(GraphNodeId.PORT_RX, 1L, GraphNodeId.ETHERNET_INPUT, 1L, GraphNodeId.IP4_INPUT, 1L,
            GraphNodeId.DROP, 1L), sampledFrames());
    }
}
