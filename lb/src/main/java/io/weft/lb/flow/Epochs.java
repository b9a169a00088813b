package io.weft.lb.flow;

/**
 * Tells when no worker can still hold the address of a line found earlier.
 *
 * <p>What an implementation must do: a worker announces the current epoch before it looks anything up in a batch, by a store that is
 * ordered before those loads (volatile, or followed by a full fence), and announces "asleep" before it blocks, after its last
 * access.
 */
public interface Epochs {
    /** The number to remember now; at least 1, never decreasing. */
    long current();

    /** Whether every worker that was in a batch when {@link #current} returned {@code epoch} has begun another since, or sleeps. */
    boolean passed(long epoch);
}
