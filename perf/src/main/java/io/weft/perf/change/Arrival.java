package io.weft.perf.change;

import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource.Listener;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;

/** Notes when the first change of a source arrives and when the control loop has done something, without asking it all the time. */
final class Arrival {
    private final Semaphore reports = new Semaphore(0);
    private volatile long firstNanos;
    private volatile long reportNanos;

    /** Passes changes on. */
    Listener to(Listener next) {
        return new Listener() {
            @Override
            public void changed(ClusterChange change) {
                if (firstNanos == 0) {
                    firstNanos = System.nanoTime();
                }
                next.changed(change);
            }

            @Override
            public void statusChanged() {
                next.statusChanged();
            }
        };
    }

    /** When the first change arrived, as of System.nanoTime. */
    long firstNanos() {
        return firstNanos;
    }

    /** Called by the control loop when its report has changed. */
    void reported() {
        reportNanos = System.nanoTime();
        reports.release();
    }

    /** Waits for a report of which the condition is true. @return when the loop had made it */
    long awaitReport(BooleanSupplier condition) throws InterruptedException {
        while (true) {
            reports.acquire();
            long at = reportNanos;
            if (condition.getAsBoolean()) { return at; }
        }
    }
}
