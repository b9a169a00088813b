package io.weft.dataplane.port;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;

/**
 * Receives and sends frames: one queue of a {@link Device}, on one worker.
 *
 * <p>Each frame is in one chunk of the worker's {@link io.weft.dataplane.frame.FramePool}, or in a chain of chunks
 * ({@link io.weft.dataplane.frame.FrameChains}). A received frame belongs to the graph until the graph drops it and frees the chunk, or
 * {@link #transmit} accepts it; the port then frees the chunk when the device no longer needs it. A frame that the port cannot deliver (too
 * many segments, too long) is counted as received and as dropped under its reason, and freed.
 *
 * <p>Before its device is attached and after it is detached, a port receives only frames that were under way. Its methods may be called
 * nevertheless.
 *
 * <p>No method should throw. One that does skips the frame or chunk that caused it, which is counted where it was received, and the next call continues behind
 * it. Frames that {@link #receive} has appended by then stay in the batch.
 *
 * <p>Thread: one worker. Allocation: none after construction. The port updates its {@link io.weft.dataplane.counters.PortCounter}s; the
 * graph counts the totals of sent, punted and dropped frames.
 */
public interface Port {
    /** {@link #descriptor} of a port that can only be polled. */
    int NO_DESCRIPTOR = -1;

    /** The port id: 0 is {@code weft-host}, 1 the uplink, pods have 2 and above. */
    int id();

    /**
     * Appends received frames to the batch, as long as it has room.
     *
     * @return the number of frames
     */
    int receive(FrameBatch into);

    /**
     * Sends frames in the list's order, with {@code at}, {@code length} and {@code checksum} (a
     * {@link io.weft.dataplane.frame.ChecksumRequest}) of each. If the device cannot complete a checksum, the port does it.
     *
     * @return how many frames, from the first, were accepted, each with all its segments. The ring was full for the others, which stay the
     *     caller's. The method does not throw after it has accepted a frame.
     */
    int transmit(FrameBatch batch, FrameList frames);

    /** Maximum number of segments per frame ({@link io.weft.dataplane.frame.FrameChains}); 1 for a port that cannot send chains. */
    default int maxSegments() {
        return 1;
    }

    /**
     * Makes the device process submitted frames, and frees chunks that it no longer needs. Called once per loop iteration of the worker.
     */
    void flush();

    /** Whether frames wait for another {@link #flush} because the device did not take them. */
    default boolean hasUnsent() {
        return false;
    }

    /**
     * A descriptor that poll(2) finds readable while received frames wait, or {@link #NO_DESCRIPTOR}: a worker with such a port keeps
     * polling and never sleeps.
     */
    default int descriptor() {
        return NO_DESCRIPTOR;
    }

    /**
     * Frees every chunk that the port or its device still holds. Called once, after the device was closed and no longer receives or sends
     * through the port.
     *
     * @return the number of chunks
     */
    int reclaim();
}
