package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.decision.FlowDecision;
import io.weft.dataplane.decision.SourceCheck;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.HeaderError;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.Layer4;
import io.weft.encap.packet.QuotedPacket;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;

/**
 * {@code icmp4-error-input}: forwards an ICMP error by the flow whose packet it quotes. The quote is what the flow's other direction had been
 * rewritten to, so the error belongs to the direction whose key is the quote's mirror image, and is rewritten as that direction is: outside,
 * and inside the mirror image of it (RFC 5508). The error must come from where that direction comes from.
 */
public final class Icmp4ErrorInput extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final Dispatch dispatch;
    private final FlowTable flows;
    private final FirstFragments first;
    private final FlowDecision decision;

    public Icmp4ErrorInput(BatchContext context, DropNode drop, Dispatch dispatch, FlowTable flows,
        FirstFragments first) {
        super(GraphNodeId.ICMP4_ERROR_INPUT);
        this.context = context;
        this.drop = drop;
        this.dispatch = dispatch;
        this.flows = flows;
        this.first = first;
        decision = new FlowDecision(context);
    }

    @Override
    public void process(FrameBatch batch) {
        for (int n = 0; n < in().size; n++) {
            int frame = in().index[n];
            long ip = batch.l3[frame];
            if (!SourceCheck.isAllowedFromTunnel(context, batch.ingress[frame], Ipv4Header.source(ip))) {
                drop.add(frame, DropReason.SPOOFED_SOURCE);
            } else if (batch.chains != null && batch.chains.isChain(batch.at[frame])) {
                drop.add(frame, DropReason.TOO_BIG);
            } else if (!isReadable(batch, frame)) {
                drop.add(frame, DropReason.ICMP_BAD_QUOTE);
            } else {
                byFlow(batch, frame, ip);
            }
        }
    }

    /** An error is sent to whoever sent what it quotes. */
    private static boolean isReadable(FrameBatch batch, int frame) {
        long icmp = batch.l4[frame];
        return QuotedPacket.validate(icmp, batch.l4Length[frame]) == HeaderError.NONE
            && Ipv4Header.source(QuotedPacket.ipAt(icmp)) == Ipv4Header.destination(batch.l3[frame]);
    }

    private void byFlow(FrameBatch batch, int frame, long ip) {
        long quoted = QuotedPacket.ipAt(batch.l4[frame]);
        long k0 = Long.rotateRight(Ipv4Header.addresses(quoted), 32);
        long k1 = FlowKey.ofPorts(mirroredPorts(batch.l4[frame], quoted), Ipv4Header.protocol(quoted));
        int hash = FlowHash.hash(k0, k1);
        long flow = flows.find(hash, k0, k1);
        if (flow == 0 || FlowEntry.ingress(flow) != batch.ingress[frame]) {
            withoutFlow(batch, frame, ip);
        } else {
            batch.hash[frame] = hash;
            forward(batch, frame, ip, flow);
        }
    }

    private static int mirroredPorts(long icmp, long quoted) {
        long l4 = QuotedPacket.l4At(icmp);
        return switch (Ipv4Header.protocol(quoted)) {
            case IpProtocol.IPPROTO_TCP, IpProtocol.IPPROTO_UDP -> Integer.rotateRight(Layer4.ports(l4), 16);
            case IpProtocol.IPPROTO_ICMP -> Icmp4Header.identifier(l4) << 16 | Icmp4Header.identifier(l4);
            default -> 0;
        };
    }

    /** From the underlay to the node itself it is the node's own business. */
    private void withoutFlow(FrameBatch batch, int frame, long ip) {
        if (decision.isForNode(batch.ingress[frame], Ipv4Header.destination(ip))) {
            first.forward(batch, frame, Egress.PUNT);
            dispatch.to(batch, frame, Egress.PUNT);
        } else {
            drop.add(frame, DropReason.ICMP_NO_FLOW);
        }
    }

    private void forward(FrameBatch batch, int frame, long ip, long flow) {
        int egress = FlowEntry.egress(flow);
        boolean tooLong = Ipv4Header.totalLength(ip) > dispatch.mtu(egress);
        boolean forwarded = Egress.kind(egress) != Egress.PUNT;
        if (forwarded && Ipv4Header.ttl(ip) <= 1) {
            drop.add(frame, DropReason.TTL_EXPIRED); // an error is never answered by one
        } else if (tooLong && Ipv4Header.dontFragment(ip)) {
            drop.add(frame, DropReason.MTU_EXCEEDED);
        } else {
            long addresses = newAddresses(ip, flow);
            first.translate(batch, frame, addresses, egress);
            rewriteQuote(batch, frame, flow);
            rewriteAddresses(ip, addresses);
            if (forwarded) {
                Ipv4Header.decrementTtl(ip);
            }
            dispatch.to(batch, frame, egress, tooLong);
        }
    }

    private static void rewriteQuote(FrameBatch batch, int frame, long flow) {
        long icmp = batch.l4[frame];
        long addresses = FlowKey.k0(FlowEntry.newDst(flow), FlowEntry.newSrc(flow));
        switch (Ipv4Header.protocol(QuotedPacket.ipAt(icmp))) {
            case IpProtocol.IPPROTO_TCP, IpProtocol.IPPROTO_UDP -> {
                int ports = FlowEntry.newDport(flow) << 16 | FlowEntry.newSport(flow);
                QuotedPacket.rewrite(icmp, batch.l4Length[frame], addresses, ports);
            }
            case IpProtocol.IPPROTO_ICMP -> QuotedPacket.rewriteEcho(icmp, addresses, FlowEntry.newDport(flow));
            default -> {} // not translated
        }
    }

    /** A router on the way keeps its own address; the flow's far end gets the one that the near end knows. */
    private static long newAddresses(long ip, long flow) {
        int source = Ipv4Header.source(ip);
        boolean fromEnd = source == FlowKey.source(FlowEntry.k0(flow));
        return FlowKey.k0(fromEnd ? FlowEntry.newSrc(flow) : source, FlowEntry.newDst(flow));
    }

    private static void rewriteAddresses(long ip, long addresses) {
        int delta = InternetChecksum.delta64(Ipv4Header.addresses(ip), addresses);
        Ipv4Header.setAddresses(ip, addresses);
        Ipv4Header.applyDelta(ip, delta);
    }
}
