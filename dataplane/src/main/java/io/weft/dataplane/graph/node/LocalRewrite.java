package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.PortDirectory;

/** {@code local-rewrite}: writes the Ethernet header towards a pod of this node; the port completes a partial checksum. */
public final class LocalRewrite extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final FrameList tx;

    public LocalRewrite(BatchContext context, DropNode drop, PortTx tx) {
        super(GraphNodeId.LOCAL_REWRITE);
        this.context = context;
        this.drop = drop;
        this.tx = tx.in();
    }

    @Override
    public void process(FrameBatch batch) {
        PortDirectory ports = context.ports();
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            if (ports.kind(batch.txPort[frame]) == PortKind.NONE) {
                drop.add(frame, DropReason.NO_PORT);
            } else {
                L2Rewrite.local(batch, frame, ports);
                tx.add(frame);
            }
        }
    }
}
