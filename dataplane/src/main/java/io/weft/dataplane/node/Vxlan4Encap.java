package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.PortDirectory;
import io.weft.encap.packet.Ecn;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.tunnel.TunnelTemplate;

/** {@code vxlan4-encap}: inner Ethernet header and the tunnel's 50 bytes into the headroom (RFC 7348); the ECN of the packet outside too. */
public final class Vxlan4Encap extends Node {
    private static final int HEADERS = TunnelTemplate.OUTER_LENGTH + EthernetHeader.LENGTH;

    private final Turn turn;
    private final DropNode drop;
    private final FrameList tx;
    private final int chunkSize;

    public Vxlan4Encap(Turn turn, DropNode drop, PortTx tx, int chunkSize) {
        super(NodeId.VXLAN4_ENCAP);
        this.turn = turn;
        this.drop = drop;
        this.tx = tx.in();
        this.chunkSize = chunkSize;
    }

    @Override
    public void process(FrameBatch batch) {
        Adjacencies adjacencies = turn.state().adjacencies();
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            long ip = batch.l3[frame];
            if (!LinkHeaders.hasHeadroom(ip, HEADERS, chunkSize)) {
                drop.add(frame, DropReason.NO_HEADROOM);
            } else if (encap(adjacencies.address(batch.adjacency[frame]), ip, batch.hash[frame])) {
                LinkHeaders.completeChecksum(batch, frame);
                LinkHeaders.frame(batch, frame, HEADERS);
                batch.txPort[frame] = PortDirectory.UPLINK_PORT;
                tx.add(frame);
            } else {
                drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
            }
        }
    }

    private static boolean encap(long slot, long ip, int hash) {
        long inner = ip - EthernetHeader.LENGTH;
        int innerLength = EthernetHeader.LENGTH + Ipv4Header.totalLength(ip);
        int tos = Ecn.encapsulate(0, Ipv4Header.tos(ip));
        return Adjacencies.copyEthernet(slot, inner) && TunnelTemplate.encap(slot, inner, innerLength, hash, tos);
    }
}
