package io.weft.dataplane.graph.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.decision.Answer;
import io.weft.dataplane.decision.FlowDecision;
import io.weft.dataplane.decision.SourceCheck;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.tunnel.Encapsulation;

/**
 * {@code reject}: drops frames under their reason and tells the sender: an ICMP error (RFC 1812 section 4.3) or a TCP reset, made in the
 * dropped frame's own chunk and sent back where it came from. Limited in rate; nobody is told whom RFC 1812 forbids, nor a client on the
 * underlay whose next hop is not known.
 */
public final class Reject extends GraphNode {
    private static final int ANSWERS_PER_SECOND = 1000;
    private static final int BURST = 256;
    /** What an answer and its way back put before the packet, and some. */
    private static final int HEADROOM = Icmp4Header.ERROR_HEADERS_LENGTH + Encapsulation.MAX_LENGTH + 50;

    private final BatchContext context;
    private final DropNode drop;
    private final Dispatch dispatch;
    private final WorkerCounters counters;
    private final FramePool pool;
    private final FirstFragments first;
    private final TokenBucket answers = new TokenBucket(ANSWERS_PER_SECOND, BURST);
    private final DropReason[] reasons = new DropReason[FrameBatch.CAPACITY];
    private final int[] answer = new int[FrameBatch.CAPACITY];
    private final int[] mtu = new int[FrameBatch.CAPACITY];

    public Reject(BatchContext context, DropNode drop, Dispatch dispatch, WorkerCounters counters, FramePool pool,
        FirstFragments first) {
        super(GraphNodeId.REJECT);
        this.context = context;
        this.drop = drop;
        this.dispatch = dispatch;
        this.counters = counters;
        this.pool = pool;
        this.first = first;
    }

    /** The packet must be as it was received (its IPv4 and transport header valid). */
    void add(int frame, DropReason reason, int kindOfAnswer) {
        add(frame, reason, kindOfAnswer, 0);
    }

    /** The frame is dropped, and answered, as was decided. */
    void refuse(int frame, FlowDecision decision) {
        if (decision.answer() == Answer.NO_ANSWER) {
            drop.add(frame, decision.refusal());
        } else {
            add(frame, decision.refusal(), decision.answer());
        }
    }

    void add(int frame, DropReason reason, int kindOfAnswer, int nextMtu) {
        reasons[frame] = reason;
        answer[frame] = kindOfAnswer;
        mtu[frame] = nextMtu;
        in().add(frame);
    }

    @Override
    public void process(FrameBatch batch) {
        for (int n = 0; n < in().size; n++) {
            int frame = in().index[n];
            int egress = dispatch.back(batch.ingress[frame], Ipv4Header.source(batch.l3[frame]));
            first.refuse(batch, frame, reasons[frame]);
            if (egress != Egress.NONE && mayAnswer(batch, frame) && write(batch, frame)) {
                drop.countTurnedAround(batch, frame, reasons[frame]);
                finish(batch, frame);
                dispatch.to(batch, frame, egress);
            } else {
                drop.add(frame, reasons[frame]);
            }
        }
    }

    private boolean mayAnswer(FrameBatch batch, int frame) {
        long ip = batch.l3[frame];
        if (!pool.hasHeadroom(ip, HEADROOM) || !Icmp4Header.mayAnswerWithError(ip)
            || !SourceCheck.isAllowedFromTunnel(context, batch.ingress[frame], Ipv4Header.source(ip))) {
            return false;
        }
        if (!answers.take(context.nowNanos())) {
            counters.add(FrameTotal.SUPPRESSED, 1);
            return false;
        }
        return true;
    }

    /** @return whether there is an answer; else the packet is unchanged */
    private boolean write(FrameBatch batch, int frame) {
        long ip = batch.l3[frame];
        int source = Ingress.isUnderlay(batch.ingress[frame]) ? context.local4().address() : context.local4().gateway();
        if (answer[frame] == Answer.REFUSE && Ipv4Header.protocol(ip) == IpProtocol.IPPROTO_TCP) {
            return TcpHeader.writeReset(ip) != 0;
        }
        switch (answer[frame]) {
            case Answer.REFUSE -> Icmp4Header.writeUnreachable(ip, source, Icmp4Header.ICMP_PORT_UNREACH);
            case Answer.TIME_EXCEEDED -> Icmp4Header.writeTimeExceeded(ip, source);
            case Answer.FRAGMENTATION_NEEDED -> Icmp4Header.writeFragmentationNeeded(ip, source, mtu[frame]);
            case Answer.NET_UNREACHABLE -> Icmp4Header.writeUnreachable(ip, source, Icmp4Header.ICMP_NET_UNREACH);
            case Answer.ADMIN_PROHIBITED -> Icmp4Header.writeUnreachable(ip, source, Icmp4Header.ICMP_PKT_FILTERED);
            case Answer.PROTOCOL_UNREACHABLE -> Icmp4Header.writeUnreachable(ip, source, Icmp4Header.ICMP_PROT_UNREACH);
            default -> Icmp4Header.writeUnreachable(ip, source, Icmp4Header.ICMP_HOST_UNREACH);
        }
        batch.l3[frame] = ip - Icmp4Header.ERROR_HEADERS_LENGTH;
        return true;
    }

    private static void finish(FrameBatch batch, int frame) {
        batch.flags[frame] = FrameBatch.ORIGINATED; // its checksum is complete
        batch.hash[frame] = FlowHash.hash(Ipv4Header.addresses(batch.l3[frame]), 0);
    }
}
