package io.weft.dataplane.trace;

import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.port.PortDecorator;

/** A port that tells the {@link FrameTracer} which frames it has sent for a traced frame. Thread: one worker. Allocation: none after construction. */
final class TracePort extends PortDecorator {
    private final FrameTracer tracer;
    private final int[] bytes = new int[FrameBatch.CAPACITY];

    TracePort(Port port, FrameTracer tracer) {
        super(port);
        this.tracer = tracer;
    }

    /** Records what was accepted, as it is then: its chunks are not used again before the next {@link #flush}. */
    @Override
    public int transmit(FrameBatch batch, FrameList frames) {
        if (!tracer.isRecording()) { return port.transmit(batch, frames); }
        for (int n = 0; n < frames.size; n++) {
            bytes[n] = batch.contiguous(frames.index[n]); // the port unlinks the segments
        }
        int accepted = port.transmit(batch, frames);
        for (int n = 0; n < accepted; n++) {
            int frame = frames.index[n];
            tracer.sent(port.id(), batch.at[frame], batch.length[frame], bytes[n],
                batch.checksum[frame] != ChecksumRequest.NONE);
        }
        return accepted;
    }
}
