package io.weft.perf.change;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.SourceStatus;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Delivers a cluster's objects to the control loop, and then endpoint changes at a fixed rate, one by one, as an API server's watch would. */
final class ReplayedSource implements ClusterSource {
    private final BenchCluster cluster;
    private List<ClusterObject> objects;
    private Listener listener;

    ReplayedSource(BenchCluster cluster) {
        this.cluster = cluster;
        objects = cluster.all();
    }

    /** Delivers this node alone, so that a dataplane starts. */
    @Override
    public void start(Listener receiver) {
        listener = receiver;
        listener.changed(new ClusterChange(System.nanoTime(), objects.subList(0, 1), List.of(), true));
    }

    /** Delivers all objects as one change. */
    void deliverAll() {
        listener.changed(new ClusterChange(System.nanoTime(), objects, List.of(), true));
        objects = List.of(); // the control loop has them
    }

    /**
     * Replays changes by schedule. If it falls behind, it delivers the remaining ones late, without pauses.
     *
     * @param perSecond changes per second
     * @param observer called right before each delivery
     * @return number of changes delivered
     */
    long replay(int perSecond, int seconds, Consumer<BenchCluster.Change> observer) {
        long start = System.nanoTime();
        long period = TimeUnit.SECONDS.toNanos(1) / perSecond;
        long count = (long) perSecond * seconds;
        for (long i = 0; i < count; i++) {
            long due = start + i * period;
            while (due - System.nanoTime() > 0) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            BenchCluster.Change change = cluster.next();
            observer.accept(change);
            listener.changed(new ClusterChange(System.nanoTime(), List.of(change.slice()), List.of()));
        }
        return count;
    }

    @Override
    public SourceStatus status() {
        return new SourceStatus("replayed", true, Optional.empty(), "", List.of());
    }

    @Override
    public void close() {
        // nothing is open
    }
}
