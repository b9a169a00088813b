package io.weft.perf.micro;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.runner.IterationType;

/** The state of one JMH run; the defaults are those of the C reference. */
@State(Scope.Thread)
public class GraphState {
    @Param("pod-clusterip-vxlan") public String trafficCase;
    @Param("65536") public int flows;
    @Param("64") public int batch;

    private static final int BATCHES_CHECKED = 1000;

    private GraphWorld world;
    private boolean forwarded;

    @Setup
    public void setUp() {
        Processors.pinToLast();
        GraphWorld.warmUp();
        world = new GraphWorld(TrafficCase.of(trafficCase), flows, batch);
    }

    /** Not timed. */
    @Setup(Level.Invocation)
    public void makeRoom() {
        world.makeRoomForMisses();
    }

    int forward() {
        forwarded = true;
        return world.lane().forward();
    }

    int arm() {
        return world.lane().arm();
    }

    /** JMH's gc profiler also counts JMH's own objects; this counts only ours. */
    @TearDown(Level.Iteration)
    public void check(IterationParams iteration) {
        if (!forwarded) { return; }
        world.check();
        long allocated = world.allocated(BATCHES_CHECKED);
        if (iteration.getType() == IterationType.MEASUREMENT && allocated != 0) {
            throw new IllegalStateException(allocated + " bytes of heap allocated in " + BATCHES_CHECKED + " batches");
        }
    }

    @TearDown
    public void tearDown() {
        world.close();
    }
}
