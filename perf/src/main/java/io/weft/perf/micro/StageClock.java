package io.weft.perf.micro;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.graph.NodeObserver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Divides the graph's time among its nodes with a clock read before and after each. The cost of reading the clock is subtracted, but not
 * its effect of keeping one node from overlapping with the next. So use the shares, not the sums. Thread: the measured one. Allocation:
 * none while it runs.
 */
final class StageClock implements NodeObserver {
    /** The time of {@code graph.process} outside nodes. */
    static final String REST = "graph";

    private static final int CALIBRATION = 200_000;

    private final long[] nanos = new long[GraphNodeId.count()];
    private final long[] runs = new long[GraphNodeId.count()];
    private long batches;
    private long frames;
    private long total;
    private long started;

    /** @param share of the sum, 0 to 1 */
    record Stage(String name, double nsPerPacket, double share) {
    }

    @Override
    public void begin() {
        started = System.nanoTime();
    }

    @Override
    public void end(GraphNodeId node, int count) {
        nanos[node.ordinal()] += System.nanoTime() - started;
        runs[node.ordinal()]++;
    }

    /** Runs batches through the graph for a while and discards what was measured before. */
    int run(GraphWorld world, long duration) {
        clear();
        Lane lane = world.lane();
        int consumed = 0;
        long end = System.nanoTime() + duration;
        long now;
        do {
            world.makeRoomForMisses();
            lane.arm();
            long from = System.nanoTime();
            consumed += lane.process();
            now = System.nanoTime();
            total += now - from;
            batches++;
            frames += lane.batchSize();
        } while (now < end);
        return consumed;
    }

    /** In the order in which they run, without those that saw no frame. */
    List<Stage> stages(double clockNanos) {
        double inNodes = 0;
        long nodeRuns = 0;
        List<Stage> raw = new ArrayList<>();
        for (GraphNodeId node : GraphNodeId.values()) {
            int i = node.ordinal();
            if (runs[i] > 0) {
                raw.add(new Stage(node.label(), Math.max(0, nanos[i] - runs[i] * clockNanos) / frames, 0));
                inNodes += nanos[i];
                nodeRuns += runs[i];
            }
        }
        double rest = total - inNodes - (batches + nodeRuns) * clockNanos;
        raw.add(new Stage(REST, Math.max(0, rest) / frames, 0));
        double sum = raw.stream().mapToDouble(Stage::nsPerPacket).sum();
        return raw.stream().map(stage -> new Stage(stage.name, stage.nsPerPacket, stage.nsPerPacket / sum)).toList();
    }

    /** What a pair of readings measures of itself. */
    static double clockNanos() {
        long sum = 0;
        for (int round = 0; round < 2; round++) {
            sum = 0;
            for (int n = 0; n < CALIBRATION; n++) {
                long before = System.nanoTime();
                sum += System.nanoTime() - before;
            }
        }
        return (double) sum / CALIBRATION;
    }

    private void clear() {
        Arrays.fill(nanos, 0);
        Arrays.fill(runs, 0);
        batches = 0;
        frames = 0;
        total = 0;
    }
}
