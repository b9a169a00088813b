package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.Ipv4Header;

/** Forwards a packet without a flow, as a router does: TTL, MTU, nothing translated. All of two addresses' packets take one tunnel path. */
final class AddressForward {
    private final Reject reject;
    private final Dispatch dispatch;

    AddressForward(Reject reject, Dispatch dispatch) {
        this.reject = reject;
        this.dispatch = dispatch;
    }

    void forward(FrameBatch batch, int frame, int egress) {
        long ip = batch.l3[frame];
        if (Egress.kind(egress) != Egress.PUNT) {
            if (Ipv4Header.ttl(ip) <= 1) {
                reject.add(frame, DropReason.TTL_EXPIRED, Reject.TIME_EXCEEDED);
                return;
            }
            int mtu = dispatch.mtu(egress);
            if (Ipv4Header.totalLength(ip) > mtu) {
                reject.add(frame, DropReason.MTU_EXCEEDED, Reject.FRAGMENTATION_NEEDED, mtu);
                return;
            }
            Ipv4Header.decrementTtl(ip);
        }
        batch.hash[frame] = FlowHash.hash(Ipv4Header.addresses(ip), 0);
        dispatch.to(batch, frame, egress);
    }
}
