package io.weft.perf.change;

import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Measures how long a UDP flow outlives its endpoint: from the moment when the source learnt of the endpoint's removal until the flow is no
 * longer in the table. Samples one removal in {@value #EVERY} and looks its flow up every millisecond.
 */
final class EndProbe implements AutoCloseable {
    private static final int EVERY = 16;
    private static final long LOOK_NANOS = 1_000_000;
    private static final long HIGHEST_NANOS = TimeUnit.MINUTES.toNanos(2);

    private final BenchFlows flows;
    private final Queue<Removal> removals = new ConcurrentLinkedQueue<>();
    private final Histogram nanos = new Histogram(HIGHEST_NANOS, 3);
    private final Thread thread = Thread.ofPlatform().name("end-probe").daemon().unstarted(this::run);
    private int count;
    private volatile boolean stopping;

    private record Removal(long atNanos, int service, int number) {
    }

    EndProbe(BenchFlows flows) {
        this.flows = flows;
    }

    EndProbe start() {
        thread.start();
        return this;
    }

    /** Called by the source's thread. */
    void changed(BenchCluster.Change change) {
        boolean counts = change.removes() && BenchCluster.isUdp(change.service())
            && change.endpoint() < flows.perService() && flows.isThere(change.service(), change.endpoint());
        if (counts && count++ % EVERY == 0) {
            removals.add(new Removal(System.nanoTime(), change.service(), change.endpoint()));
        }
    }

    private void run() {
        while (!stopping) {
            LockSupport.parkNanos(LOOK_NANOS);
            for (Iterator<Removal> all = removals.iterator(); all.hasNext();) {
                Removal removal = all.next();
                if (!flows.isThere(removal.service, removal.number)) {
                    nanos.recordValue(Math.min(HIGHEST_NANOS, System.nanoTime() - removal.atNanos));
                    all.remove();
                }
            }
        }
    }

    /** Number of sampled removals whose flow still exists. */
    int pending() {
        return removals.size();
    }

    /** Call it only after {@link #close}. */
    Histogram nanos() {
        return nanos;
    }

    @Override
    public void close() throws InterruptedException {
        stopping = true;
        thread.join();
    }
}
