package io.weft.controlplane.status;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unexpected failures, caught where a thread must continue: counted, logged, and kept for {@code weft status}. The same failure is logged
 * at most every ten seconds. Any thread.
 */
public final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
    private static final int MAX_TEXTS = 64;
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);

    /**
     * @param lastMillis since the epoch, 0 without one
     * @param last where and what
     */
    public record Summary(long count, long lastMillis, String last) {
    }

    private Summary summary = new Summary(0, 0, "");
    /** When each of the most recent texts was last logged. */
    private final Map<String, Long> loggedNanos = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MAX_TEXTS;
        }
    };

    /** @param where in a few words, such as {@code control loop} */
    public synchronized void add(String where, Throwable failure) {
        String text = where + ": " + failure;
        long now = System.nanoTime();
        Long logged = loggedNanos.put(text, now);
        if (logged == null || now - logged > QUIET_NANOS) {
            LOG.error("{} (failure {})", where, summary.count + 1, failure);
        } else {
            loggedNanos.put(text, logged);
        }
        summary = new Summary(summary.count + 1, System.currentTimeMillis(), text);
    }

    public synchronized Summary summary() {
        return summary;
    }
}
