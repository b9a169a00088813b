package io.weft.dataplane.port;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;

/** A port that fails on demand, for tests: in front of another, which does the work while nothing is wrong. Thread: one. */
public final class FaultyPort implements Port {
    private final Port port;
    private final FrameList some = new FrameList();
    private boolean throwing;
    private int max = FrameBatch.CAPACITY;

    public FaultyPort(Port port) {
        this.port = port;
    }

    /** From now on {@link #transmit} throws before it accepts a frame, or no longer. */
    public void throwOnTransmit(boolean on) {
        throwing = on;
    }

    /** From now on {@link #transmit} finds the ring full after so many frames. */
    public void acceptAtMost(int frames) {
        max = frames;
    }

    @Override
    public int id() {
        return port.id();
    }

    @Override
    public int receive(FrameBatch into) {
        return port.receive(into);
    }

    @Override
    public int transmit(FrameBatch batch, FrameList frames) {
        if (throwing) { throw new IllegalStateException("injected fault of port " + id()); }
        some.clear();
        for (int n = 0; n < Math.min(max, frames.size); n++) {
            some.add(frames.index[n]);
        }
        return port.transmit(batch, some);
    }

    @Override
    public int maxSegments() {
        return port.maxSegments();
    }

    @Override
    public void flush() {
        port.flush();
    }

    @Override
    public boolean hasUnsent() {
        return port.hasUnsent();
    }

    @Override
    public int descriptor() {
        return port.descriptor();
    }

    @Override
    public int reclaim() {
        return port.reclaim();
    }
}
