package io.weft.lb.flow;

/**
 * Tells when no worker can still hold the address of a slot that it found earlier.
 *
 * <p>The implementation must make sure that a worker announces the current epoch before it looks anything up in a batch, by a store that is
 * ordered before those loads (volatile, or followed by a full fence), and that it announces "asleep" before it blocks, after its last
 * access.
 */
public interface Epochs {
    /** The epoch to remember now; at least 1, never decreasing. */
    long current();

    /** Whether every worker that was in a batch when {@link #current} returned {@code epoch} has started another one since, or sleeps. */
    boolean passed(long epoch);
}
