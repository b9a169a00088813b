package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.worker.Faults;

/**
 * {@code port-tx}: sorts frames by port, in order, and hands each port its frames in one call. What a port does not accept is dropped. It is the
 * one place where frames leave, so it catches what a port throws: the frames of that call are dropped as {@code internal_error}, because
 * a port throws only before it accepts any. So this node itself throws only while it sorts, before it has handed on a frame.
 */
public final class PortTx extends GraphNode {
    private final WorkerCounters counters;
    private final DropNode drop;
    private final FrameList[] byPort = new FrameList[PortId.COUNT];
    private final FrameList plain = new FrameList();
    private final int[] used = new int[FrameBatch.CAPACITY];
    private int usedCount;
    private Port[] ports = {};
    private final Faults faults;
    /** The port whose turn it is to be flushed. */
    private int flushing;

    /** @param faults where what ports throw is counted */
    public PortTx(Faults faults, WorkerCounters counters, DropNode drop) {
        super(GraphNodeId.PORT_TX);
        this.faults = faults;
        this.counters = counters;
        this.drop = drop;
        for (int port = 0; port < byPort.length; port++) {
            byPort[port] = new FrameList();
        }
    }

    /** The ports that this worker has open, by id, with holes; between two batches. */
    public void use(Port[] newPorts) {
        ports = newPorts;
    }

    @Override
    public void process(FrameBatch batch) {
        int port = onlyPort(batch);
        if (port >= 0) {
            transmit(batch, port, in());
            return;
        }
        sort(batch);
        for (int n = 0; n < usedCount; n++) {
            FrameList frames = byPort[used[n]];
            transmit(batch, used[n], frames);
            frames.clear();
        }
        usedCount = 0;
    }

    @Override
    public boolean looksFirst() {
        return true;
    }

    /** Sends frames of the fast path, a frame mask, before this batch's others. */
    public void send(FrameBatch batch, int port, long set) {
        plain.set(set);
        counters.node(GraphNodeId.PORT_TX, plain.size);
        transmit(batch, port, plain);
    }

    /** Makes all ports look at what was sent: before more is sent in one iteration than a ring may hold. A port that throws keeps none from it. */
    public void flush() {
        flushing = 0;
        while (flushing < ports.length) {
            flushRest();
        }
    }

    private void flushRest() {
        try {
            while (flushing < ports.length) {
                Port port = ports[flushing++];
                if (port != null) {
                    port.flush();
                }
            }
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults.add(e);
        }
    }

    /** @return the port that all frames go to, as they mostly do, or -1 */
    private int onlyPort(FrameBatch batch) {
        int[] index = in().index;
        int size = in().size;
        int[] txPort = batch.txPort;
        int first = txPort[index[0]];
        int others = 0;
        for (int n = 1; n < size; n++) {
            others |= txPort[index[n]] ^ first;
        }
        return others == 0 ? first : -1;
    }

    private void sort(FrameBatch batch) {
        forgetUnsent();
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            int port = batch.txPort[frame];
            FrameList frames = byPort[port];
            if (frames.size == 0) {
                used[usedCount++] = port;
            }
            frames.add(frame);
        }
    }

    /** What an exception has left of an earlier sort. */
    private void forgetUnsent() {
        for (; usedCount > 0; usedCount--) {
            byPort[used[usedCount - 1]].clear();
        }
    }

    private void transmit(FrameBatch batch, int id, FrameList frames) {
        Port port = id >= 0 && id < ports.length ? ports[id] : null;
        if (port == null) {
            dropFrom(frames, 0, DropReason.NO_PORT);
            return;
        }
        try {
            if (batch.chains != null) {
                dropTooLong(batch, port.maxSegments(), frames);
            }
            int accepted = port.transmit(batch, frames);
            counters.add(id == PortId.HOST ? FrameTotal.PUNTED : FrameTotal.SENT, accepted);
            dropFrom(frames, accepted, DropReason.TX_RING_FULL);
        } catch (RuntimeException | AssertionError | InternalError e) {
            faults.add(e);
            dropUnsent(frames);
        }
    }

    /** After an exception: some may have been dropped for their length. */
    private void dropUnsent(FrameList frames) {
        for (int n = 0; n < frames.size; n++) {
            if (!drop.in().contains(frames.index[n])) {
                drop.add(frames.index[n], DropReason.INTERNAL_ERROR);
            }
        }
    }

    private void dropTooLong(FrameBatch batch, int maxSegments, FrameList frames) {
        int kept = 0;
        for (int n = 0; n < frames.size; n++) {
            int frame = frames.index[n];
            if (batch.chains.segments(batch.at[frame], batch.length[frame]) > maxSegments) {
                drop.add(frame, DropReason.TOO_BIG);
            } else {
                frames.index[kept++] = frame;
            }
        }
        frames.size = kept;
    }

    private void dropFrom(FrameList frames, int first, DropReason reason) {
        for (int n = first; n < frames.size; n++) {
            drop.add(frames.index[n], reason);
        }
    }
}
