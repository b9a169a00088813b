package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.TcpHeader;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.TcpTracker;

/**
 * {@code flow-lookup}: finds each frame's flow, in three passes over the whole batch, so that its cache misses overlap instead of adding
 * up: hash all, touch each home slot, then compare. An entry that expects another ingress is not a hit, nor is the entry of a finished
 * connection for a SYN that opens the next one.
 */
public final class FlowLookup extends GraphNode {
    private final FlowTable flows;
    private final FrameList misses;
    private final FrameList hits;
    private long touched;

    public FlowLookup(FlowTable flows, FlowCreate misses, FlowRewrite hits) {
        super(GraphNodeId.FLOW_LOOKUP);
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
            if (flow != 0 && FlowEntry.ingress(flow) == batch.ingress[frame]
                && !(isOpening(batch, frame) && (isOver(flow) || isAfterReset(batch, n)))) {
                batch.flow[frame] = flow;
                hits.add(frame);
            } else {
                misses.add(frame);
            }
        }
    }

    /** Whether a frame that has found a flow opens another connection ({@link TcpTracker#isOver}). */
    static boolean isNewConnection(FrameBatch batch, int frame, long flow) {
        return isOpening(batch, frame) && (isOver(flow) || (batch.flags[frame] & FrameBatch.AFTER_RESET) != 0);
    }

    private static boolean isOver(long flow) {
        return TcpTracker.isOver(FlowEntry.meta(flow));
    }

    private static boolean isOpening(FrameBatch batch, int frame) {
        return FlowKey.protocol(batch.k1[frame]) == IpProtocol.IPPROTO_TCP
            && TcpTracker.isOpening(TcpHeader.flags(Memory.address(batch.l4[frame])));
    }

    /** The first two passes do not follow the order of frames that {@link GraphNode} relies on. */
    @Override
    public boolean looksFirst() {
        return true;
    }

    /** The flow's state shows the RST only after this batch's frames have been rewritten. */
    private boolean isAfterReset(FrameBatch batch, int position) {
        int[] index = in().index;
        int frame = index[position];
        for (int n = position - 1; n >= 0; n--) {
            int earlier = index[n];
            if (batch.k0[earlier] == batch.k0[frame] && batch.k1[earlier] == batch.k1[frame]) {
                boolean reset = (TcpHeader.flags(Memory.address(batch.l4[earlier])) & TcpHeader.RST) != 0;
                batch.flags[frame] |= reset ? FrameBatch.AFTER_RESET : 0;
                return reset;
            }
        }
        return false;
    }

    /** Java has no prefetch instruction; the sum keeps the JIT from removing the loads. */
    private long touch(FrameBatch batch, int[] index, int size) {
        long sum = touched;
        for (int n = 0; n < size; n++) {
            sum += Memory.nativeI64(flows.home(batch.hash[index[n]]));
        }
        return sum;
    }
}
