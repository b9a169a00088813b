package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.ChecksumRequest;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.state.EthernetWords;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.state.PortKind;
import io.weft.dataplane.state.TunnelHeaders;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.checksum.L4Checksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Ecn;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.TunnelTemplate;
import io.weft.lb.flow.DatagramTracker;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.TcpTracker;

/**
 * Last stage of the short way: {@code flow-rewrite}, and {@code vxlan4-encap} or {@code local-rewrite}, for packets of a known flow that leave through
 * the tunnel or to a pod. The packet's headers are not read again, but written, as whole words, from the frame's words and the flow's line.
 */
final class PlainForward {
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
    private final FrameList tx;
    private final TunnelHeaders tunnels;
    private final int chunkMask;
    private Throwable lastFailure;
    private int tunnelled;
    private long finished;

    PlainForward(Turn turn, WorkerCounters counters, FlowTable flows, DropNode drop, Dispatch dispatch,
        EthernetInput odd, PortTx tx, int chunkSize) {
        this.turn = turn;
        this.counters = counters;
        this.flows = flows;
        this.drop = drop;
        this.dispatch = dispatch;
        this.odd = odd.in();
        this.tx = tx.in();
        tunnels = new TunnelHeaders(turn.state().adjacencies());
        chunkMask = chunkSize - 1;
    }

    Throwable lastFailure() {
        return lastFailure;
    }

    void process(FrameBatch batch, long[] words) {
        PortDirectory ports = turn.ports();
        long[] headers = tunnels.current();
        int size = batch.size;
        int now = turn.nowSeconds();
        int leastMtu = turn.leastMtu();
        tunnelled = 0;
        int forwarded = 0;
        int decapsulated = 0;
        for (int frame = 0; frame < size; frame++) {
            int line = frame * PlainFrames.WORDS;
            long flow = Memory.address(words[line + PlainFrames.FLOW]);
            long traits = words[line + PlainFrames.TRAITS];
            try {
                if (flow == 0 || FlowEntry.k0(flow) != words[line + PlainFrames.K0]
                    || !isExpected(FlowEntry.egressAndMeta(flow), (int) traits)
                    || length(words, line) > leastMtu && isTooLong(flow, length(words, line))) {
                    odd.add(frame);
                } else {
                    forwarded++;
                    decapsulated += (int) traits & FlowEntry.INGRESS_TUNNEL;
                    long egressAndMeta = FlowEntry.egressAndMeta(flow);
                    long digest = words[line + PlainFrames.DIGEST];
                    long ip = Memory.address(words[line + PlainFrames.IP]);
                    FlowEntry.account(flow, (int) (digest >>> PlainFrames.LENGTH_SHIFT), now);
                    rewrite(ip, flow, digest, (int) traits, (int) (egressAndMeta >>> 32));
                    int egress = (int) egressAndMeta;
                    if (Egress.kind(egress) == Egress.TUNNEL) {
                        tunnel(batch, frame, ip, traits, digest, headers, Egress.index(egress) * TunnelHeaders.WORDS);
                    } else {
                        local(batch, frame, ip, (int) traits, digest, ports, Egress.index(egress));
                    }
                }
            } catch (RuntimeException | AssertionError | InternalError e) {
                lastFailure = e;
                drop.add(frame, DropReason.INTERNAL_ERROR);
            }
        }
        count(forwarded, decapsulated / FlowEntry.INGRESS_TUNNEL);
    }

    private static int length(long[] words, int line) {
        return (int) (words[line + PlainFrames.DIGEST] >>> PlainFrames.LENGTH_SHIFT);
    }

    /** Only what is too long for where it goes is odd: a flow's long and short packets must not overtake each other. */
    private boolean isTooLong(long flow, int length) {
        return length > dispatch.mtu((int) FlowEntry.egressAndMeta(flow));
    }

    private static boolean isExpected(long egressAndMeta, int traits) {
        int kind = Egress.kind((int) egressAndMeta);
        return FlowEntry.ingressOf((int) (egressAndMeta >>> 32)) == (traits & PlainFrames.INGRESS_MASK)
            && (kind == Egress.TUNNEL || kind == Egress.PORT);
    }

    long finished() {
        return finished;
    }

    private void count(int forwarded, int decapsulated) {
        finished += forwarded;
        counters.node(NodeId.ETHERNET_INPUT, forwarded);
        counters.node(NodeId.VXLAN4_DECAP, decapsulated);
        counters.node(NodeId.IP4_INPUT, forwarded);
        counters.node(NodeId.FLOW_LOOKUP, forwarded);
        counters.node(NodeId.FLOW_REWRITE, forwarded);
        counters.node(NodeId.VXLAN4_ENCAP, tunnelled);
        counters.node(NodeId.LOCAL_REWRITE, forwarded - tunnelled);
    }

    /** Sums are taken of words as they lie in memory (RFC 1071 section 2 B). */
    private void rewrite(long ip, long flow, long digest, int traits, int meta) {
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
        long l4 = ip + Ipv4Header.LENGTH;
        if ((word >>> 8 & 0xFF) == IpProtocol.IPPROTO_UDP) {
            DatagramTracker.onPacket(flows, flow, meta);
            if (field != 0) {
                int changed = changed(field, partial, addressDelta, l4Delta);
                Memory.putNativeU16(l4 + UdpHeader.CHECKSUM_OFFSET, changed == 0 && !partial ? HALF : changed);
            }
        } else {
            TcpTracker.onSegment(flows, flow, traits >>> PlainFrames.TCP_FLAGS_SHIFT & 0xFF, TcpHeader.sequence(l4),
                TcpHeader.acknowledgement(l4));
            Memory.putNativeU16(l4 + TcpHeader.CHECKSUM_OFFSET, changed(field, partial, addressDelta, l4Delta));
        }
    }

    private static int changed(int field, boolean partial, int addressDelta, int l4Delta) {
        return partial ? InternetChecksum.fold32(field + addressDelta)
            : InternetChecksum.fold32((field ^ HALF) + l4Delta) ^ HALF;
    }

    private void tunnel(FrameBatch batch, int frame, long ip, long traits, long digest, long[] headers, int header) {
        int length = (int) (digest >>> PlainFrames.LENGTH_SHIFT);
        tunnelled++;
        if ((ip & chunkMask) < TunnelTemplate.LENGTH) {
            drop.add(frame, DropReason.NO_HEADROOM);
            return;
        }
        if (!TunnelHeaders.write(headers, header, Memory.address(ip - TunnelTemplate.LENGTH), length,
            (int) (traits >>> PlainFrames.HASH_SHIFT), (int) traits >>> PlainFrames.ECN_SHIFT & Ecn.MASK)) {
            drop.add(frame, DropReason.NEIGHBOUR_UNRESOLVED);
            return;
        }
        if ((traits & PlainFrames.PARTIAL) != 0) {
            complete(batch, ip + Ipv4Header.LENGTH, length - Ipv4Header.LENGTH, protocol(digest));
        }
        batch.at[frame] = ip - TunnelTemplate.LENGTH;
        batch.length[frame] = length + TunnelTemplate.LENGTH;
        batch.txPort[frame] = PortDirectory.UPLINK_PORT;
        batch.checksum[frame] = ChecksumRequest.NONE;
        tx.add(frame);
    }

    private static void complete(FrameBatch batch, long l4, int length, int protocol) {
        if (batch.chains == null) {
            L4Checksum.complete(l4, length, protocol);
        } else {
            L4Checksum.complete(l4, protocol, batch.chains.sum(l4, length));
        }
    }

    private void local(FrameBatch batch, int frame, long ip, int traits, long digest, PortDirectory ports, int port) {
        if (ports.kind(port) == PortKind.NONE) {
            drop.add(frame, DropReason.NO_PORT);
            return;
        }
        long at = ip - EthernetHeader.LENGTH;
        EthernetWords.store(at, ports.ethernet0(port), ports.ethernet1(port));
        batch.at[frame] = at;
        batch.length[frame] = (int) (digest >>> PlainFrames.LENGTH_SHIFT) + EthernetHeader.LENGTH;
        batch.txPort[frame] = port;
        batch.checksum[frame] = (traits & PlainFrames.PARTIAL) == 0 ? ChecksumRequest.NONE
            : ChecksumRequest.of(EthernetHeader.LENGTH + Ipv4Header.LENGTH,
                L4Checksum.fieldOffset(protocol(digest)));
        tx.add(frame);
    }

    private static int protocol(long digest) {
        return (int) digest >>> 8 & 0xFF;
    }
}
