package io.weft.dataplane.warmup;

import java.util.function.BooleanSupplier;

/**
 * When a part of the warm-up ends at the latest.
 *
 * @param deadlineNanos of {@link System#nanoTime}
 * @param cancelled whether the warm-up is no longer needed; any thread
 */
record Limit(long deadlineNanos, BooleanSupplier cancelled) {
    static Limit in(long nanos, BooleanSupplier cancelled) {
        return new Limit(System.nanoTime() + nanos, cancelled);
    }

    boolean isReached(long nowNanos) {
        return nowNanos - deadlineNanos > 0 || cancelled.getAsBoolean();
    }
}
