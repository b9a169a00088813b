package io.weft.dataplane.port;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;

/** Passes every call on to another port; subclasses add to some of them. Threads, allocation and errors: as for that port. */
public abstract class PortDecorator implements Port {
    protected final Port port;

    protected PortDecorator(Port port) {
        this.port = port;
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
        return port.transmit(batch, frames);
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
