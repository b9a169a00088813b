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

/** {@code vxlan4-encap}: writes the headers of the frame's tunnel into the headroom, and copies the packet's ECN to the outer header (RFC 6040). */
public final class TunnelEncap extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final FrameList tx;
    private final FramePool pool;

    public TunnelEncap(BatchContext context, DropNode drop, PortTx tx, FramePool pool) {
        this.context = context;
        this.drop = drop;
        this.tx = tx.in();
        this.pool = pool;
    }

    @Override
    public GraphNodeId id() {
        return context.tunnelCounters().encap();
    }

    @Override
    public void process(FrameBatch batch) {
        Adjacencies adjacencies = context.state().adjacencies();
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            long ip = Memory.address(batch.l3[frame]);
            if (pool.hasHeadroom(ip, TunnelTemplate.LENGTH)) {
                encap(batch, frame, ip, adjacencies.address(batch.adjacency[frame]));
            } else {
                drop.add(frame, DropReason.NO_HEADROOM);
            }
        }
    }

    private void encap(FrameBatch batch, int frame, long ip, long slot) {
        int length = Ipv4Header.totalLength(ip);
        int headers = TunnelTemplate.encap(slot, ip, length, batch.hash[frame],
            Ecn.encapsulate(0, Ipv4Header.tos(ip)));
        if (headers == 0) {
            drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
            return;
        }
        L2Rewrite.completeChecksum(batch, frame);
        batch.at[frame] = ip - headers;
        batch.length[frame] = length + headers;
        batch.txPort[frame] = PortId.UPLINK;
        tx.add(frame);
    }
}
