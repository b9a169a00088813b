package io.weft.vmlab.kubernetes;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

/** Waits for conditions of a cluster. Every wait ends, and says what was missing. */
final class Await {
    private static final long POLL_MILLIS = 100;

    private Await() {}

    /** Polls {@code condition}; fails after {@code limit}, or as soon as one of {@code needed} has ended. */
    static void until(String what, Duration limit, List<Daemon> needed, Callable<Boolean> condition) throws Exception {
        long start = System.nanoTime();
        while (!condition.call()) {
            for (Daemon daemon : needed) {
                daemon.check();
            }
            if (System.nanoTime() - start > limit.toNanos()) {
                throw new IOException("no " + what + " in " + limit.toSeconds() + " s");
            }
            Thread.sleep(POLL_MILLIS);
        }
    }
}
