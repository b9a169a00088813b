package io.weft.perf.change;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource.Listener;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Delivers a cluster's objects to the control loop, and then endpoint changes at a fixed rate, one by one, as an API server's watch would. */
final class ReplayedSource implements ChangeSource {
    private final BenchCluster cluster;
    private List<ClusterObject> objects;
    private Listener listener;

    ReplayedSource(BenchCluster cluster) {
        this.cluster = cluster;
        objects = cluster.all();
    }

    @Override
    public void deliverAll(Listener receiver) {
        listener = receiver;
        listener.changed(new ClusterChange(System.nanoTime(), objects, List.of(), true));
        objects = List.of(); // the control loop has them
    }

    /** Replays changes by schedule. If it falls behind, it delivers the remaining ones late, without pauses. */
    @Override
    public long change(int perSecond, int seconds, Consumer<BenchCluster.Change> observer) {
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
    public void close() {
        // nothing is open
    }
}
