package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.DropObserver;

/** {@code drop}: the end of every frame that is not sent. Counts it under its reason and gives its chunk back. What happens to a first fragment happens to the others. */
public final class DropNode extends GraphNode {
    private final WorkerCounters counters;
    private final FramePool pool;
    private final FirstFragments first;
    private final DropReason[] reasons = new DropReason[FrameBatch.CAPACITY];
    /** Null while nobody captures. */
    private DropObserver observer;

    public DropNode(WorkerCounters counters, FramePool pool, FirstFragments first) {
        super(GraphNodeId.DROP);
        this.counters = counters;
        this.pool = pool;
        this.first = first;
    }

    /** Tells somebody about dropped frames, or nobody (null); between two batches. */
    public void observe(DropObserver newObserver) {
        observer = newObserver;
    }

    public void add(int frame, DropReason reason) {
        reasons[frame] = reason;
        in().add(frame);
    }

    /** @param error not {@link io.weft.encap.packet.HeaderError#NONE} */
    void add(int frame, int error) {
        add(frame, HeaderReasons.of(error));
    }

    /** For a frame that is dropped and lives on as the carrier of the answer to it. */
    void countTurnedAround(FrameBatch batch, int frame, DropReason reason) {
        counters.drop(batch.port[frame], reason);
        counters.add(FrameTotal.ORIGINATED, 1);
        if (observer != null) {
            observer.dropped(batch, frame, reason, true);
        }
    }

    @Override
    public void process(FrameBatch batch) {
        FrameList in = in();
        for (int n = 0; n < in.size; n++) {
            int frame = in.index[n];
            first.refuse(batch, frame, reasons[frame]);
            if (observer != null) {
                observer.dropped(batch, frame, reasons[frame], false);
            }
            in.ended = n + 1;
            end(batch, frame, reasons[frame]);
        }
    }

    /** Only counts a frame and frees its chunks: where this node itself has failed. */
    public void end(FrameBatch batch, int frame, DropReason reason) {
        counters.drop(batch.port[frame], reason);
        if (batch.chains == null) {
            pool.free(batch.at[frame]);
        } else {
            batch.chains.free(batch.at[frame]);
        }
    }
}
