package io.weft.perf.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.memory.Memory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every case forwards correct frames, and the checks notice a damaged one. */
class GraphWorldTest {
    private static final int FLOWS = 20_000;

    @ParameterizedTest
    @EnumSource
    void forwardsCorrectFrames(TrafficCase trafficCase) {
        try (GraphWorld world = new GraphWorld(trafficCase, FLOWS, 64)) {
            for (int batch = 0; batch < 1000; batch++) {
                world.makeRoomForMisses();
                assertEquals(64, world.lane().forward());
            }
            world.check();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void forwardsSmallBatches(int size) {
        try (GraphWorld world = new GraphWorld(TrafficCase.CLUSTERIP, 1, size)) {
            assertEquals(size, world.lane().forward());
            world.check();
        }
    }

    @Test
    void noticesADamagedFrame() {
        try (GraphWorld world = new GraphWorld(TrafficCase.CLUSTERIP_REPLY, 1, 64)) {
            world.lane().forward();
            long payload = world.lane().before(64) + TunnelFrames.OUTER + Frames.LENGTH - 1;
            Memory.putU8(payload, Memory.u8(payload) ^ 1);
            Exception failure = assertThrows(IllegalStateException.class, world::check);
            assertTrue(failure.getMessage().contains("checksum"), failure.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource(value = MicroTask.Kind.class, names = {"DISJOINT_FLOWS", "BOTH_DIRECTIONS", "SAME_FLOWS"})
    void measuresTwoWorkers(MicroTask.Kind kind) {
        List<?> rounds = (List<?>) new MicroTask(kind, TrafficCase.CLUSTERIP.label(), 1000, 64, 10, 10, 2).run();
        assertEquals(2, rounds.size());
    }

    @Test
    void sharesTheTimeAmongTheNodes() {
        Object stages = new MicroTask(MicroTask.Kind.STAGES, TrafficCase.REMOTE_POD.label(), 1000, 64, 10, 50, 1).run();
        List<String> names = ((List<?>) stages).stream().map(stage -> ((StageClock.Stage) stage).name()).toList();
        assertTrue(names.containsAll(List.of("ip4-input", "flow-lookup", "flow-rewrite", "port-tx", StageClock.REST)),
            names::toString);
        assertEquals(1, ((List<?>) stages).stream().mapToDouble(stage -> ((StageClock.Stage) stage).share()).sum(),
            1e-6);
    }

    @Test
    void soaksInBatches() {
        Soak.Result result = (Soak.Result) new MicroTask(MicroTask.Kind.SOAK, TrafficCase.POD_POD.label(), 10, 64, 10,
            50, 1)
            .run();
        assertTrue(result.batches() > 0 && result.p50() > 0 && result.p50() <= result.p999());
    }
}
