package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Ecn;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.tunnel.TunnelTemplate;

/**
 * {@code vxlan4-encap}: writes the inner Ethernet header and the tunnel's 50 bytes into the headroom (RFC 7348), and copies the packet's
 * ECN to the outer header.
 */
public final class Vxlan4Encap extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final FrameList tx;
    private final FramePool pool;

    public Vxlan4Encap(BatchContext context, DropNode drop, PortTx tx, FramePool pool) {
        super(GraphNodeId.VXLAN4_ENCAP);
        this.context = context;
        this.drop = drop;
        this.tx = tx.in();
        this.pool = pool;
    }

    @Override
    public void process(FrameBatch batch) {
        Adjacencies adjacencies = context.state().adjacencies();
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            long ip = Memory.address(batch.l3[frame]);
            int length = Ipv4Header.totalLength(ip);
            if (!pool.hasHeadroom(ip, TunnelTemplate.LENGTH)) {
                drop.add(frame, DropReason.NO_HEADROOM);
            } else
                if (TunnelTemplate.encap(adjacencies.address(batch.adjacency[frame]), ip, length, batch.hash[frame],
                    Ecn.encapsulate(0, Ipv4Header.tos(ip)))) {
                        L2Rewrite.completeChecksum(batch, frame);
                        batch.at[frame] = ip - TunnelTemplate.LENGTH;
                        batch.length[frame] = length + TunnelTemplate.LENGTH;
                        batch.txPort[frame] = PortId.UPLINK;
                        tx.add(frame);
                    } else {
                        drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
                    }
        }
    }
}
