package io.weft.dataplane.port;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;

/** A port that fails on demand, for tests. It wraps another port and passes calls on. Threads: one worker, and the test's. */
public final class FaultyPort extends PortDecorator {
    /** What throws. */
    public enum Fault {
        NONE,
        /** Once the frames are in the batch. */
        RECEIVE,
        /** Before a frame is accepted. */
        TRANSMIT,
        /** Once the port is flushed. */
        FLUSH,
        /** Before a chunk is freed. */
        RECLAIM
    }

    private final FrameList some = new FrameList();
    private volatile Fault fault = Fault.NONE;
    private int max = FrameBatch.CAPACITY;

    public FaultyPort(Port port) {
        super(port);
    }

    /** Chooses what throws from now on. */
    public void throwOn(Fault what) {
        fault = what;
    }

    /** Limits how many frames each call of {@link #transmit} accepts from now on, as if the ring were full. */
    public void acceptAtMost(int frames) {
        max = frames;
    }

    private void throwIf(Fault what) {
        if (fault == what) { throw new IllegalStateException("injected fault of port " + id()); }
    }

    @Override
    public int receive(FrameBatch into) {
        int frames = port.receive(into);
        throwIf(Fault.RECEIVE);
        return frames;
    }

    @Override
    public int transmit(FrameBatch batch, FrameList frames) {
        throwIf(Fault.TRANSMIT);
        some.clear();
        for (int n = 0; n < Math.min(max, frames.size); n++) {
            some.add(frames.index[n]);
        }
        return port.transmit(batch, some);
    }

    @Override
    public void flush() {
        port.flush();
        throwIf(Fault.FLUSH);
    }

    @Override
    public int reclaim() {
        throwIf(Fault.RECLAIM);
        return port.reclaim();
    }
}
