package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.decision.SourceCheck;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.FragmentDecision;
import io.weft.dataplane.state.FragmentTable;
import io.weft.encap.packet.Ipv4Header;

/**
 * {@code ip4-sv-reassembly}, shallow virtual reassembly: a later fragment goes the way of its datagram's first, with the same addresses; nothing
 * behind its IPv4 header is read or changed. One that comes before the first is held ({@link FragmentHold}).
 *
 * <p>It runs behind the nodes that decide on first fragments, so that both may be in one batch.
 */
public final class Ip4SvReassembly extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final Dispatch dispatch;
    private final FragmentHold hold;
    private final FrameList early;
    private final FragmentTable table;
    private final FragmentDecision decision = new FragmentDecision();

    public Ip4SvReassembly(BatchContext context, DropNode drop, Dispatch dispatch, FragmentHold hold) {
        super(GraphNodeId.IP4_SV_REASSEMBLY);
        this.context = context;
        this.drop = drop;
        this.dispatch = dispatch;
        this.hold = hold;
        early = hold.in();
        table = context.state().fragments();
    }

    @Override
    public void process(FrameBatch batch) {
        hold.beforeLookup();
        for (int n = 0; n < in().size; n++) {
            int frame = in().index[n];
            long ip = batch.l3[frame];
            int ingress = batch.ingress[frame];
            if (!SourceCheck.isAllowedFromTunnel(context, ingress, Ipv4Header.source(ip))) {
                drop.add(frame, DropReason.SPOOFED_SOURCE);
            } else
                if (!table.find(Ipv4Header.addresses(ip), FragmentTable.datagram(ip, ingress), context.nowSeconds(),
                    decision)) {
                        early.add(frame);
                    } else if (decision.action == FragmentDecision.DROP) {
                        drop.add(frame, DropReason.of(decision.reason));
                    } else {
                        follow(batch, frame, ip);
                    }
        }
    }

    /** No ICMP error is sent about a later fragment (RFC 1812 section 4.3.2.7). */
    private void follow(FrameBatch batch, int frame, long ip) {
        int egress = decision.egress;
        boolean punted = Egress.kind(egress) == Egress.PUNT;
        boolean forwarded = decision.action == FragmentDecision.FORWARD && !punted;
        boolean tooLong = Ipv4Header.totalLength(ip) > dispatch.mtu(egress);
        if (forwarded && Ipv4Header.ttl(ip) <= 1) {
            drop.add(frame, DropReason.TTL_EXPIRED);
        } else if (tooLong && Ipv4Header.dontFragment(ip)) {
            drop.add(frame, DropReason.MTU_EXCEEDED);
        } else if (isPortReused(egress)) {
            drop.add(frame, DropReason.NO_PORT);
        } else {
            rewrite(ip, forwarded, punted);
            batch.hash[frame] = decision.hash;
            dispatch.to(batch, frame, egress, tooLong);
        }
    }

    /** The pod may have gone since the first fragment, and another one have its port. */
    private boolean isPortReused(int egress) {
        int port = Egress.index(egress);
        return Egress.kind(egress) == Egress.PORT && context.ports().kind(port) == PortKind.POD
            && context.ports().ip(port) != Ipv4Header.destinationOfRaw(decision.newAddressesRaw);
    }

    private void rewrite(long ip, boolean forwarded, boolean punted) {
        Ipv4Header.setAddressesRaw(ip, decision.newAddressesRaw);
        if (forwarded) {
            Ipv4Header.decrementTtl(ip, decision.addressDelta);
            return;
        }
        Ipv4Header.applyDelta(ip, decision.addressDelta);
        if (!punted) {
            Ipv4Header.setTtl(ip, Ipv4Header.DEFAULT_TTL);
        }
    }
}
