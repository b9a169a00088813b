package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.packet.Icmp4Header;

/** {@code icmp4-echo}: answers echo requests to the pods' gateway; the request itself becomes the reply. */
public final class Icmp4Echo extends Node {
    private final DropNode drop;
    private final Dispatch dispatch;

    public Icmp4Echo(DropNode drop, Dispatch dispatch) {
        super(NodeId.ICMP4_ECHO);
        this.drop = drop;
        this.dispatch = dispatch;
    }

    @Override
    public void process(FrameBatch batch) {
        for (int n = 0; n < in().size; n++) {
            int frame = in().index[n];
            int egress = dispatch.back(batch.ingress[frame]);
            if (egress == Egress.NONE) {
                drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
            } else if (!isChecksumRight(batch, batch.l4[frame], batch.l4Length[frame])) {
                drop.add(frame, DropReason.ICMP_BAD_CHECKSUM);
            } else {
                Icmp4Header.echoReply(batch.l3[frame], batch.l4[frame]);
                dispatch.to(batch, frame, egress);
            }
        }
    }

    private static boolean isChecksumRight(FrameBatch batch, long icmp, int length) {
        long sum = batch.chains == null ? InternetChecksum.sum(icmp, length) : batch.chains.sum(icmp, length);
        return InternetChecksum.fold(sum) == 0xFFFF;
    }
}
