package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.decision.Answer;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.Ipv4Header;

/**
 * Forwards a packet without a flow, as a router does: TTL and MTU, no translation. All packets between two addresses take one path through
 * the tunnel.
 */
final class StatelessForward {
    private final Reject reject;
    private final Dispatch dispatch;
    private final FirstFragments first;

    StatelessForward(Reject reject, Dispatch dispatch, FirstFragments first) {
        this.reject = reject;
        this.dispatch = dispatch;
        this.first = first;
    }

    void forward(FrameBatch batch, int frame, int egress) {
        long ip = batch.l3[frame];
        boolean tooLong = Ipv4Header.totalLength(ip) > dispatch.mtu(egress);
        if (Egress.kind(egress) != Egress.PUNT) {
            if (Ipv4Header.ttl(ip) <= 1) {
                reject.add(frame, DropReason.TTL_EXPIRED, Answer.TIME_EXCEEDED);
                return;
            }
            if (tooLong && Ipv4Header.dontFragment(ip)) {
                reject.add(frame, DropReason.MTU_EXCEEDED, Answer.FRAGMENTATION_NEEDED, dispatch.mtu(egress));
                return;
            }
        }
        first.forward(batch, frame, egress);
        if (Egress.kind(egress) != Egress.PUNT) {
            Ipv4Header.decrementTtl(ip);
        }
        batch.hash[frame] = FlowHash.hash(Ipv4Header.addresses(ip), 0);
        dispatch.to(batch, frame, egress, tooLong);
    }
}
