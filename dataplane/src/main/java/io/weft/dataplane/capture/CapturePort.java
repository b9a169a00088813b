package io.weft.dataplane.capture;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.port.PortDecorator;

/** A port whose frames, in both directions, go to a {@link FrameCapture} too. Thread: one worker. Allocation: none after construction. */
final class CapturePort extends PortDecorator {
    private final FrameCapture capture;
    private final int[] bytes = new int[FrameBatch.CAPACITY];

    CapturePort(Port port, FrameCapture capture) {
        super(port);
        this.capture = capture;
    }

    @Override
    public int receive(FrameBatch into) {
        int first = into.size;
        int count = port.receive(into);
        if (count > 0) {
            long now = System.nanoTime();
            for (int frame = first; frame < into.size; frame++) {
                capture.received(into, frame, into.contiguous(frame), now);
            }
        }
        return count;
    }

    /** Captures what was accepted, as it is then: its chunks are not used again before the next {@link #flush}. */
    @Override
    public int transmit(FrameBatch batch, FrameList frames) {
        for (int n = 0; n < frames.size; n++) {
            bytes[n] = batch.contiguous(frames.index[n]); // the port unlinks the segments
        }
        int accepted = port.transmit(batch, frames);
        long now = System.nanoTime();
        for (int n = 0; n < accepted; n++) {
            int frame = frames.index[n];
            capture.sent(port.id(), batch.at[frame], batch.length[frame], bytes[n], now);
        }
        return accepted;
    }

    @Override
    public void flush() {
        capture.publish();
        port.flush();
    }
}
