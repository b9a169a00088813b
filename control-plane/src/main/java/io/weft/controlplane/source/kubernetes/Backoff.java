package io.weft.controlplane.source.kubernetes;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Pauses between attempts, each at random between half and all of a length, so that the nodes of a cluster do not come back at once. The
 * length stays for some attempts, in which a server that restarts becomes ready, and then doubles up to a limit. One thread.
 */
public final class Backoff {
    private final int steadyAttempts;
    private final long firstMillis;
    private final long lastMillis;
    private int attempts;
    private long millis;

    /** @param steadyAttempts after how many attempts the length begins to double */
    public Backoff(int steadyAttempts, Duration first, Duration last) {
        this.steadyAttempts = steadyAttempts;
        this.firstMillis = first.toMillis();
        this.lastMillis = last.toMillis();
        reset();
    }

    public void reset() {
        attempts = 0;
        millis = firstMillis;
    }

    public Duration next() {
        long pause = ThreadLocalRandom.current().nextLong(millis / 2, millis + 1);
        attempts++;
        if (attempts >= steadyAttempts) {
            millis = Math.min(2 * millis, lastMillis);
        }
        return Duration.ofMillis(pause);
    }
}
