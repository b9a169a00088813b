package io.weft.controlplane.compiler;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SynchronizedHistogram;

/**
 * Time from the arrival of a change until every worker uses it. Changes that no dataplane adopts within the limit are not counted. One
 * thread; {@link #histogram} any.
 */
public final class UpdateLatency {
    private static final long HIGHEST_MICROS = TimeUnit.MINUTES.toMicros(1);
    private static final long GIVE_UP_NANOS = TimeUnit.SECONDS.toNanos(30);

    private record Pending(long arrivalNanos, long generation) {
    }

    /** Microseconds; all 0 without a measurement. */
    public record Summary(long count, long p50Micros, long p90Micros, long p99Micros, long maxMicros) {
    }

    private final Histogram micros = new SynchronizedHistogram(HIGHEST_MICROS, 3);
    private final Deque<Pending> pending = new ArrayDeque<>();

    void committed(long arrivalNanos, long generation) {
        pending.addLast(new Pending(arrivalNanos, generation));
    }

    /** @param isUsed whether every worker uses a generation */
    void observe(LongPredicate isUsed) {
        long now = System.nanoTime();
        while (!pending.isEmpty() && isUsed.test(pending.peekFirst().generation())) {
            long waited = now - pending.removeFirst().arrivalNanos();
            micros.recordValue(Math.min(HIGHEST_MICROS, TimeUnit.NANOSECONDS.toMicros(waited)));
        }
        while (!pending.isEmpty() && now - pending.peekFirst().arrivalNanos() > GIVE_UP_NANOS) {
            pending.removeFirst();
        }
    }

    boolean isWaiting() { return !pending.isEmpty(); }

    /** A copy of all measurements, in microseconds. */
    Histogram histogram() {
        return micros.copy();
    }

    Summary summary() {
        return new Summary(micros.getTotalCount(), micros.getValueAtPercentile(50), micros.getValueAtPercentile(90),
            micros.getValueAtPercentile(99), micros.getMaxValue());
    }
}
