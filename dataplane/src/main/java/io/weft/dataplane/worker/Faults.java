package io.weft.dataplane.worker;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The exceptions that a worker has survived: how many, and the last one, for the conductor to report. While nothing is thrown it costs nothing.
 *
 * <p>Threads: the worker adds, any may read. Count and exception are published each for itself, and one may be newer than the other.
 */
public final class Faults {
    private final AtomicLong count = new AtomicLong();
    private volatile Throwable last;

    public void add(Throwable fault) {
        last = fault;
        count.incrementAndGet();
    }

    /** Since the worker was made. */
    public long count() {
        return count.get();
    }

    /** The last of them, or null. */
    public Throwable last() {
        return last;
    }
}
