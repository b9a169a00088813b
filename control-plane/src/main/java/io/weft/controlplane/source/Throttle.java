package io.weft.controlplane.source;

import java.util.concurrent.locks.LockSupport;

/**
 * Splits long work into short pieces with pauses of equal length, so that other threads get the processor: the workers and the pods' own
 * threads. A low priority alone does not do that: a thread that had to wait has a claim on the processor, and once it runs, the kernel lets
 * no other thread in before the claim is used up or the next timer tick comes, which is 4 ms at 250 Hz.
 *
 * <p>Work that takes no longer than {@value #FREE_NANOS} ns is not paused. One thread.
 */
public final class Throttle {
    private static final long FREE_NANOS = 2_000_000;
    private static final long PIECE_NANOS = 100_000;

    private long pieceEnd = System.nanoTime() + FREE_NANOS;

    /** Call it between two parts of the work, each much shorter than a piece; it pauses if a piece is over. */
    public void pause() {
        if (System.nanoTime() - pieceEnd >= 0) {
            LockSupport.parkNanos(PIECE_NANOS);
            pieceEnd = System.nanoTime() + PIECE_NANOS;
        }
    }
}
