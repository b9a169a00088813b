package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.lb.flow.DatagramTracker;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowTable;

/**
 * The short way's {@code flow-rewrite}, for packets of a known flow that leave through the tunnel or to a pod; the others go to the nodes. The packet's
 * headers are not read again, but written, as whole words, from the frame's words and the flow's line.
 */
final class PlainRewrite extends PlainStage {
    /** Of a TTL one less, in a sum of words as they lie in memory: the TTL is the first byte of its word. */
    private static final int TTL_DELTA = 0xFFFE;
    private static final int IP_TTL = 8;
    private static final int IP_DESTINATION = 16;
    private static final int HALF = 0xFFFF;
    private static final long LOW_32 = 0xFFFF_FFFFL;

    private final Turn turn;
    private final WorkerCounters counters;
    private final FlowTable flows;
    private final DropNode drop;
    private final Dispatch dispatch;
    private final FrameList odd;
    private long finished;

    PlainRewrite(Turn turn, WorkerCounters counters, FlowTable flows, DropNode drop, Dispatch dispatch,
        EthernetInput odd) {
        super(NodeId.FLOW_REWRITE);
        this.turn = turn;
        this.counters = counters;
        this.flows = flows;
        this.drop = drop;
        this.dispatch = dispatch;
        this.odd = odd.in();
    }

    @Override
    int process(FrameBatch batch, PlainFrames frames) {
        int size = batch.size;
        long[] words = frames.words;
        int leastMtu = turn.leastMtu();
        int now = turn.nowSeconds();
        int decapsulated = 0;
        for (int frame = 0; frame < size; frame++) {
            int line = frame * PlainFrames.WORDS;
            long flow = Memory.address(words[line + PlainFrames.FLOW]);
            int traits = (int) words[line + PlainFrames.TRAITS];
            long digest = words[line + PlainFrames.DIGEST];
            int length = PlainFrames.length(digest);
            try {
                if (flow == 0 || FlowEntry.k0(flow) != words[line + PlainFrames.K0]
                    || !isExpected(FlowEntry.egressAndMeta(flow), traits)
                    || length > leastMtu && isTooLong(flow, length)) {
                    odd.add(frame);
                    continue;
                }
                long egressAndMeta = FlowEntry.egressAndMeta(flow);
                FlowEntry.account(flow, length, now);
                write(Memory.address(words[line + PlainFrames.IP]), flow, digest, traits);
                words[line + PlainFrames.EGRESS] = Egress.index((int) egressAndMeta);
                if (PlainFrames.protocol(digest) == IpProtocol.IPPROTO_UDP) {
                    DatagramTracker.onPacket(flows, flow, (int) (egressAndMeta >>> 32));
                }
                sort(frames, frame, Egress.kind((int) egressAndMeta) == Egress.TUNNEL, traits, digest);
                decapsulated += traits & FlowEntry.INGRESS_TUNNEL;
            } catch (RuntimeException | AssertionError | InternalError e) {
                frames.lastFailure = e;
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        count(frames, decapsulated / FlowEntry.INGRESS_TUNNEL);
        return size;
    }

    private static boolean isExpected(long egressAndMeta, int traits) {
        int kind = Egress.kind((int) egressAndMeta);
        return FlowEntry.ingressOf((int) (egressAndMeta >>> 32)) == (traits & PlainFrames.INGRESS_MASK)
            && (kind == Egress.TUNNEL || kind == Egress.PORT);
    }

    /** Only what is too long for where it goes is odd: a flow's long and short packets must not overtake each other. */
    private boolean isTooLong(long flow, int length) {
        return length > dispatch.mtu((int) FlowEntry.egressAndMeta(flow));
    }

    /** By what is left to do. */
    private static void sort(PlainFrames frames, int frame, boolean tunnel, int traits, long digest) {
        (tunnel ? frames.tunnel : frames.local).add(frame);
        if (tunnel && (traits & PlainFrames.PARTIAL) != 0) {
            frames.incomplete.add(frame);
        }
        if (PlainFrames.protocol(digest) == IpProtocol.IPPROTO_TCP) {
            frames.segments.add(frame);
        }
    }

    /** Sums are taken of words as they lie in memory (RFC 1071 section 2 B). */
    private static void write(long ip, long flow, long digest, int traits) {
        long addresses = FlowEntry.newAddressesRaw(flow);
        long portsAndDeltas = FlowEntry.portsAndDeltas(flow);
        int addressDelta = (int) (portsAndDeltas >>> 32) & HALF;
        int l4Delta = (int) (portsAndDeltas >>> 48);
        int word = (int) digest;
        int checksum = ~InternetChecksum.fold32((word >>> 16 ^ HALF) + addressDelta + TTL_DELTA);
        Memory.putNativeI64(ip + IP_TTL, (word & HALF) - 1 | checksum << 16 & LOW_32 | addresses << 32);
        Memory.putNativeI64(ip + IP_DESTINATION, addresses >>> 32 | portsAndDeltas << 32);
        int field = (int) (digest >>> PlainFrames.L4_CHECKSUM_SHIFT) & HALF;
        boolean partial = (traits & PlainFrames.PARTIAL) != 0;
        int changed = changed(field, partial, addressDelta, l4Delta);
        if (PlainFrames.protocol(digest) != IpProtocol.IPPROTO_UDP) {
            Memory.putNativeU16(ip + Ipv4Header.LENGTH + TcpHeader.CHECKSUM_OFFSET, changed);
        } else if (field != 0) {
            Memory.putNativeU16(ip + Ipv4Header.LENGTH + UdpHeader.CHECKSUM_OFFSET,
                changed == 0 && !partial ? HALF : changed);
        }
    }

    private static int changed(int field, boolean partial, int addressDelta, int l4Delta) {
        return partial ? InternetChecksum.fold32(field + addressDelta)
            : InternetChecksum.fold32((field ^ HALF) + l4Delta) ^ HALF;
    }

    private void count(PlainFrames frames, int decapsulated) {
        int tunnelled = frames.tunnel.size;
        int forwarded = tunnelled + frames.local.size;
        finished += forwarded;
        counters.node(NodeId.ETHERNET_INPUT, forwarded);
        counters.node(NodeId.VXLAN4_DECAP, decapsulated);
        counters.node(NodeId.IP4_INPUT, forwarded);
        counters.node(NodeId.FLOW_LOOKUP, forwarded);
        counters.node(NodeId.FLOW_REWRITE, forwarded);
        counters.node(NodeId.VXLAN4_ENCAP, tunnelled);
        counters.node(NodeId.LOCAL_REWRITE, frames.local.size);
    }

    /** Frames that went the short way to their end. */
    long finished() {
        return finished;
    }
}
