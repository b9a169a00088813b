package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.packet.EthernetHeader;

/** {@code underlay-rewrite}: writes the Ethernet header towards a next hop on the uplink, for packets that leave without a tunnel. */
public final class UnderlayRewrite extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final FrameList tx;

    public UnderlayRewrite(BatchContext context, DropNode drop, PortTx tx) {
        super(GraphNodeId.UNDERLAY_REWRITE);
        this.context = context;
        this.drop = drop;
        this.tx = tx.in();
    }

    @Override
    public void process(FrameBatch batch) {
        Adjacencies adjacencies = context.state().adjacencies();
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            long slot = adjacencies.address(batch.adjacency[frame]);
            if (Adjacencies.copyEthernet(slot, batch.l3[frame] - EthernetHeader.LENGTH)) {
                L2Rewrite.completeChecksum(batch, frame);
                L2Rewrite.frame(batch, frame, EthernetHeader.LENGTH);
                batch.txPort[frame] = PortId.UPLINK;
                tx.add(frame);
            } else {
                drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
            }
        }
    }
}
