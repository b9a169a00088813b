package io.weft.controlplane.source;

import java.util.concurrent.locks.LockSupport;

/**
 * Splits long work into short pieces with pauses of equal length, so that other threads get the processor: the workers and the pods' own
 * threads. A low priority alone does not do that: a thread that had to wait has a claim on the processor, and once it runs, the kernel lets
 * no other thread in before the claim is used up or the next timer tick comes, which is 4 ms at 250 Hz.
 *
 * <p>Work that takes no longer than {@value #FREE_NANOS} ns is not paused, and none is while there is nobody to leave the processor to. One
 * thread.
 */
public final class Throttle {
    private static final long FREE_NANOS = 2_000_000;
    private static final long PIECE_NANOS = 100_000;

    private final boolean pauses;
    private long pieceEnd = System.nanoTime() + FREE_NANOS;

    public Throttle() {
        this(true);
    }

    private Throttle(boolean pauses) {
        this.pauses = pauses;
    }

    /** @param forwarding whether the work runs next to workers that forward; else it is done as fast as possible */
    public static Throttle when(boolean forwarding) {
        return new Throttle(forwarding);
    }

    /** Call it between two parts of the work, each much shorter than a piece; it pauses if a piece is over. */
    public void pause() {
        if (pauses && System.nanoTime() - pieceEnd >= 0) {
            LockSupport.parkNanos(PIECE_NANOS);
            pieceEnd = System.nanoTime() + PIECE_NANOS;
        }
    }
}
