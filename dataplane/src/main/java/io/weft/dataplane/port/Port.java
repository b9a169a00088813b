package io.weft.dataplane.port;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;

/**
 * Where frames come from and go to: one queue of a device, on one worker.
 *
 * <p>Every frame lies in one chunk of the worker's {@link io.weft.dataplane.frame.FramePool}. A received frame belongs to the graph until
 * {@link #transmit} accepts it (then to the port, which gives the chunk back to the pool when the device is done with it) or the graph drops
 * it (then the graph gives it back). A frame that the port itself cannot hand on (more than one descriptor, too long) it counts as received
 * and as dropped under its reason, and gives back.
 *
 * <p>Thread: one worker. Allocation: none after construction. The port keeps its {@link io.weft.dataplane.counters.PortCounter}s;
 * totals of sent, punted and dropped frames are the graph's.
 */
public interface Port {
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

    /** Makes the device look at what was sent, and collects the chunks it is done with. Called once a turn. */
    void flush();

    /** Chunks of frames accepted by {@link #transmit} that have not come back. */
    int outstanding();
}
