package io.weft.controlplane.node;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Pauses between attempts that fail: each is twice as long as the one before, up to a maximum, and up to a half of it is cut off at random,
 * so that many nodes do not try at the same time. One thread.
 */
final class Backoff {
    private final Duration first;
    private final Duration max;
    private final RandomGenerator random;
    private Duration next;

    Backoff(Duration first, Duration max, RandomGenerator random) {
        this.first = first;
        this.max = max;
        this.random = random;
        this.next = first;
    }

    void reset() {
        next = first;
    }

    Duration next() {
        Duration pause = jittered(next, random);
        Duration doubled = next.multipliedBy(2);
        next = doubled.compareTo(max) < 0 ? doubled : max;
        return pause;
    }

    /** A random duration from a half to the whole of {@code duration}. */
    static Duration jittered(Duration duration, RandomGenerator random) {
        long nanos = duration.toNanos();
        return Duration.ofNanos(nanos - random.nextLong(nanos / 2 + 1));
    }
}
