package io.weft.dataplane.port;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;

/**
 * Where frames come from and go to: one queue of a {@link Device}, on one worker.
 *
 * <p>Every frame lies in one chunk of the worker's {@link io.weft.dataplane.frame.FramePool}. A received frame belongs to the graph until
 * {@link #transmit} accepts it (then to the port, which gives the chunk back to the pool when the device is done with it) or the graph drops
 * it (then the graph gives it back). A frame that the port itself cannot hand on (more than one descriptor, too long) it counts as received
 * and as dropped under its reason, and gives back.
 *
 * <p>Before its device is attached, and once it is detached, a port receives nothing but what was under way; its methods may be called all the same.
 *
 * <p>A method that throws, which none should, leaves the port as it is after the frame or chunk at which it did: that one is lost to the caller, and counted where it
 * was received; the next call goes on behind it. What {@link #receive} has appended before stands.
 *
 * <p>Thread: one worker. Allocation: none after construction. The port keeps its {@link io.weft.dataplane.counters.PortCounter}s;
 * totals of sent, punted and dropped frames are the graph's.
 */
public interface Port {
    /** Of a port that can only be polled: {@link #descriptor}. */
    int NO_DESCRIPTOR = -1;

    /** 0 is {@code weft-host}, 1 the uplink, pods from 2 on. */
    int id();

    /**
     * Appends received frames to the batch, as long as it has room.
     *
     * @return how many
     */
    int receive(FrameBatch into);

    /**
     * Sends frames in the list's order: {@code at}, {@code length} and {@code checksum} (a
     * {@link io.weft.dataplane.frame.ChecksumRequest}) of each. A port that cannot have a checksum completed does it itself.
     *
     * @return how many of the first were accepted, each with all its segments; the others found the ring full and stay the caller's. It
     *     throws nothing once it has accepted a frame.
     */
    int transmit(FrameBatch batch, FrameList frames);

    /** Segments that a frame may have ({@link io.weft.dataplane.frame.FrameChains}): 1 for a port that sends no chains. */
    default int maxSegments() {
        return 1;
    }

    /** Makes the device look at what was sent, and collects the chunks it is done with. Called once in each loop iteration of the worker. */
    void flush();

    /** Whether frames wait for another {@link #flush}, because the device did not take them. */
    default boolean hasUnsent() {
        return false;
    }

    /**
     * What poll(2) finds readable while frames wait to be received, or {@link #NO_DESCRIPTOR}: a worker with such a port polls on and never
     * sleeps.
     */
    default int descriptor() {
        return NO_DESCRIPTOR;
    }

    /**
     * Gives every chunk that the port or its device still holds back to the pool. Once, after the device is closed and no longer receives or
     * sends through the port.
     *
     * @return how many
     */
    int reclaim();
}
