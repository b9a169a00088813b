package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.decision.Answer;
import io.weft.dataplane.decision.FlowDecision;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.L4Checksum;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.lb.flow.DatagramTracker;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.TcpTracker;

/**
 * {@code flow-rewrite}: does to a packet what its flow's entry says: addresses, ports, TTL and checksums (RFC 1624, so that a wrong checksum
 * stays wrong), and hands it to the node of its egress. Nothing is changed before the TTL and the MTU are known to be enough.
 */
public final class FlowRewrite extends GraphNode {
    private final BatchContext context;
    private final DropNode drop;
    private final Reject reject;
    private final Dispatch dispatch;
    private final FlowTable flows;
    private final FirstFragments first;
    private final FlowDecision decision;

    public FlowRewrite(BatchContext context, DropNode drop, Reject reject, Dispatch dispatch, FlowTable flows,
        FirstFragments first) {
        super(GraphNodeId.FLOW_REWRITE);
        this.context = context;
        this.drop = drop;
        this.reject = reject;
        this.dispatch = dispatch;
        this.flows = flows;
        this.first = first;
        decision = new FlowDecision(context);
    }

    @Override
    public void process(FrameBatch batch) {
        int minMtu = context.minMtu();
        int now = context.nowSeconds();
        int[] index = in().index;
        int size = in().size;
        for (int n = 0; n < size; n++) {
            int frame = index[n];
            long flow = Memory.address(batch.flow[frame]);
            long ip = Memory.address(batch.l3[frame]);
            int egress = FlowEntry.egress(flow);
            int length = Ipv4Header.totalLength(ip);
            boolean forwarded = Egress.kind(egress) != Egress.PUNT;
            boolean tooLong = length > minMtu && length > dispatch.mtu(egress);
            if (egress == Egress.NO_ROUTE) {
                withoutWay(frame, flow);
            } else if (forwarded && Ipv4Header.ttl(ip) <= 1) {
                reject.add(frame, DropReason.TTL_EXPIRED, Answer.TIME_EXCEEDED);
            } else if (tooLong && Ipv4Header.dontFragment(ip)) {
                reject.add(frame, DropReason.MTU_EXCEEDED, Answer.FRAGMENTATION_NEEDED, dispatch.mtu(egress));
            } else {
                first.byFlow(batch, frame, flow);
                FlowEntry.account(flow, length, now);
                rewriteAddresses(ip, flow, forwarded);
                rewriteL4(batch, frame, flow, Ipv4Header.protocol(ip));
                dispatch.to(batch, frame, egress, tooLong);
            }
        }
    }

    /** As for a first packet, whose reason and answer depend on the kernel's route. */
    private void withoutWay(int frame, long flow) {
        if (FlowEntry.isReverse(flow)) { // to a client on the underlay; the conductor has it resolved
            drop.add(frame, DropReason.NO_ROUTE);
            return;
        }
        int verdict = decision.decideWithBackend(flow);
        if (verdict == FlowDecision.FORWARD) {
            drop.add(frame, DropReason.NO_ROUTE); // there is one again, which the conductor is about to enter
            return;
        }
        if (verdict == FlowDecision.HOLD) {
            context.state().neighbourRequests().post(decision.unresolvedHop());
        }
        reject.refuse(frame, decision);
    }

    /** What is handed to the node's own stack has not been forwarded: its TTL stays. */
    private static void rewriteAddresses(long ip, long flow, boolean forwarded) {
        Ipv4Header.setAddressesRaw(ip, FlowEntry.newAddressesRaw(flow));
        if (forwarded) {
            Ipv4Header.decrementTtl(ip, FlowEntry.ipDelta(flow));
        } else {
            Ipv4Header.applyDelta(ip, FlowEntry.ipDelta(flow));
        }
    }

    private void rewriteL4(FrameBatch batch, int frame, long flow, int protocol) {
        long l4 = Memory.address(batch.l4[frame]);
        boolean partial = (batch.flags[frame] & FrameBatch.PARTIAL) != 0;
        if (protocol == IpProtocol.IPPROTO_UDP) {
            DatagramTracker.onPacket(flows, flow, context.nowMillis());
            UdpHeader.translate(l4, FlowEntry.newPorts(flow), partial, FlowEntry.l4PartialDelta(flow),
                FlowEntry.l4FullDelta(flow));
        } else if (protocol == IpProtocol.IPPROTO_TCP) {
            TcpTracker.onSegment(flows, flow, TcpHeader.flags(l4), TcpHeader.sequence(l4),
                TcpHeader.acknowledgement(l4));
            Memory.putNativeI32(l4, FlowEntry.newPortsRaw(flow));
            L4Checksum.applyDelta(partial ? L4Checksum.PARTIAL : L4Checksum.FULL, l4, protocol,
                FlowEntry.l4PartialDelta(flow), FlowEntry.l4FullDelta(flow));
        } else {
            DatagramTracker.onPacket(flows, flow, context.nowMillis());
            if (protocol == IpProtocol.IPPROTO_ICMP) {
                Icmp4Header.setIdentifier(l4, FlowEntry.newSport(flow));
            }
        }
    }
}
