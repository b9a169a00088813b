package io.weft.dataplane.graph.node;

/** Limits what Weft originates: a burst, and a rate per second. Thread: one worker. Allocation: none. */
final class TokenBucket {
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final long nanosPerToken;
    private final long fullNanos;
    private long spentNanos;
    private long lastNanos;

    TokenBucket(int perSecond, int burst) {
        nanosPerToken = NANOS_PER_SECOND / perSecond;
        fullNanos = nanosPerToken * burst;
    }

    boolean take(long nowNanos) {
        long elapsed = Math.max(nowNanos - lastNanos, 0);
        lastNanos = nowNanos;
        spentNanos = Math.max(spentNanos - elapsed, 0);
        if (spentNanos + nanosPerToken > fullNanos) { return false; }
        spentNanos += nanosPerToken;
        return true;
    }
}
