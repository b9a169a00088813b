package io.weft.dataplane.node;

import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.encap.memory.Memory;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowTable;

/**
 * {@code flow-lookup}: finds each frame's flow, in three stages over the whole batch, so that its cache misses overlap instead of adding up:
 * hash all, touch each flow's line, then compare. An entry that expects another ingress is no hit.
 */
public final class FlowLookup extends Node {
    private final FlowTable flows;
    private final FrameList misses;
    private final FrameList hits;
    private long touched;

    public FlowLookup(FlowTable flows, FlowCreate misses, FlowRewrite hits) {
        super(NodeId.FLOW_LOOKUP);
        this.flows = flows;
        this.misses = misses.in();
        this.hits = hits.in();
    }

    @Override
    public void process(FrameBatch batch) {
        int[] index = in().index;
        int size = in().size;
        touched = touch(batch, index, size);
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            long flow = flows.find(batch.hash[frame], batch.k0[frame], batch.k1[frame]);
            if (flow != 0 && FlowEntry.ingress(flow) == batch.ingress[frame]) {
                batch.flow[frame] = flow;
                hits.add(frame);
            } else {
                misses.add(frame);
            }
        }
    }

    /** The first two stages look at frames in no order that {@link Node} could rely on. */
    @Override
    public boolean looksFirst() {
        return true;
    }

    /** Java has no prefetch: the sum keeps the loads alive. */
    private long touch(FrameBatch batch, int[] index, int size) {
        long sum = touched;
        for (int n = 0; n < size; n++) {
            sum += Memory.nativeI64(flows.home(batch.hash[index[n]]));
        }
        return sum;
    }
}
