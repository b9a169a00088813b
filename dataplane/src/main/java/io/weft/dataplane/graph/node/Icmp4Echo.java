package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.Ipv4Header;

/**
 * {@code icmp4-echo}: answers echo requests to the pods' gateway. The request itself becomes the reply; of a fragmented request, each
 * fragment. The receiver checks the checksum of these, because it has the whole datagram.
 */
public final class Icmp4Echo extends GraphNode {
    private final DropNode drop;
    private final Dispatch dispatch;
    private final FirstFragments first;

    public Icmp4Echo(DropNode drop, Dispatch dispatch, FirstFragments first) {
        super(GraphNodeId.ICMP4_ECHO);
        this.drop = drop;
        this.dispatch = dispatch;
        this.first = first;
    }

    @Override
    public void process(FrameBatch batch) {
        for (int n = 0; n < in().size; n++) {
            int frame = in().index[n];
            int egress = dispatch.back(batch.ingress[frame], Ipv4Header.source(batch.l3[frame]));
            if (egress == Egress.NONE) {
                drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
            } else
                if ((batch.flags[frame] & FrameBatch.FRAGMENT) == 0
                    && !isChecksumRight(batch, batch.l4[frame], batch.l4Length[frame])) {
                        drop.add(frame, DropReason.ICMP_BAD_CHECKSUM);
                    } else {
                        first.answer(batch, frame, egress);
                        Icmp4Header.echoReply(batch.l3[frame], batch.l4[frame]);
                        dispatch.to(batch, frame, egress,
                            Ipv4Header.totalLength(batch.l3[frame]) > dispatch.mtu(egress));
                    }
        }
    }

    private static boolean isChecksumRight(FrameBatch batch, long icmp, int length) {
        long sum = batch.chains == null ? InternetChecksum.sum(icmp, length) : batch.chains.sum(icmp, length);
        return InternetChecksum.fold(sum) == 0xFFFF;
    }
}
