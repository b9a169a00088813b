package io.weft.controlplane.source;

import java.util.concurrent.locks.LockSupport;

/**
 * Long work in short pieces with rests as long between them, so that what waits for the processor gets it: the workers, and the pods' own
 * threads. A low priority alone does not do that. A thread that had to wait has a claim on the processor, and once it runs, the kernel lets no
 * other in before that is used up or the next timer tick comes, 4 ms with 250 Hz.
 *
 * <p>Work that takes no longer than {@value #FREE_NANOS} ns is not held up. One thread.
 */
public final class Throttle {
    private static final long FREE_NANOS = 2_000_000;
    private static final long PIECE_NANOS = 100_000;

    private long pieceEnd = System.nanoTime() + FREE_NANOS;

    /** Between two parts of the work, each much shorter than a piece: rests when it is time. */
    public void rest() {
        if (System.nanoTime() - pieceEnd >= 0) {
            LockSupport.parkNanos(PIECE_NANOS);
            pieceEnd = System.nanoTime() + PIECE_NANOS;
        }
    }
}
