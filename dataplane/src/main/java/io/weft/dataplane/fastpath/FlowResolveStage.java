package io.weft.dataplane.fastpath;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.graph.node.Dispatch;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.state.TunnelHeaders;
import io.weft.dataplane.table.Overlay;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Ecn;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowState;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The part of {@code flow-rewrite} that changes nothing: loads the flows' entries into {@link FastPathFrames}, decides which frames the fast path finishes,
 * and computes, for as many frames at once as a register has lanes, what is to be written into them.
 *
 * <p>Three loops and no methods for vectors, as in {@link Ip4InputStage}.
 */
final class FlowResolveStage extends FastPathStage {
    private static final VectorSpecies<Long> SPECIES = Lanes.Widest.SPECIES;
    private static final int STEP = Lanes.Widest.COUNT;

    private static final long HALF = 0xFFFF;
    private static final long BYTE = 0xFF;
    private static final long UPPER_BYTE = 0xFF00;
    private static final int META_SHIFT = 32;
    private static final int INGRESS_SHIFT = 48;
    private static final long KIND_MASK = 0xFF00_0000L;
    /** Of a TTL one less, in a sum of words as they lie in memory: the TTL is the first byte of its word. */
    private static final long TTL_DELTA = 0xFFFE;
    private static final long FIRST_REPLY_MASK = FlowEntry.META_STATE_AND_REVERSE << META_SHIFT;
    private static final long FIRST_REPLY = FlowEntry.META_UNREPLIED_REVERSE << META_SHIFT;
    private static final long STATE_MASK = FlowEntry.META_STATE << META_SHIFT;
    private static final long REPLIED = (long) FlowState.UDP_REPLIED << META_SHIFT;
    private static final int TCP_CHECKSUM = Ipv4Header.LENGTH + TcpHeader.CHECKSUM_OFFSET;
    private static final int UDP_CHECKSUM = Ipv4Header.LENGTH + UdpHeader.CHECKSUM_OFFSET;

    private final BatchContext context;
    private final Dispatch dispatch;
    /** Longer than some port's MTU. */
    private long longOnes;

    FlowResolveStage(BatchContext context, Dispatch dispatch) {
        super(GraphNodeId.FLOW_REWRITE);
        this.context = context;
        this.dispatch = dispatch;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        int size = batch.size;
        load(size, frames.words);
        frames.clearMasks();
        decide(size, frames);
        if (longOnes != 0) {
            leaveTooLong(frames);
        }
        rewritten(size, frames.words);
        if (frames.tunnel != 0) {
            outer(size, frames.words, context.local().overlay());
        }
        return size;
    }

    private void load(int size, long[] words) {
        for (int frame = 0; frame < size; frame++) {
            long flow = Memory.address(words[FastPathFrames.FLOW + frame]);
            if (flow == FastPathFrames.NO_FLOW) {
                words[FastPathFrames.EGRESS_AND_META + frame] = Egress.NONE;
                continue;
            }
            words[FastPathFrames.FLOW_K0 + frame] = FlowEntry.k0(flow);
            words[FastPathFrames.NEW_ADDRESSES + frame] = FlowEntry.newAddressesRaw(flow);
            words[FastPathFrames.PORTS_AND_DELTAS + frame] = FlowEntry.portsAndDeltas(flow);
            words[FastPathFrames.EGRESS_AND_META + frame] = FlowEntry.egressAndMeta(flow);
        }
    }

    /** Sets the frame masks. */
    private void decide(int size, FastPathFrames frames) {
        long[] words = frames.words;
        long minMtu = context.minMtu();
        long tunnel = 0;
        long local = 0;
        long segments = 0;
        long youngDatagrams = 0;
        long partial = 0;
        long tooLong = 0;
        for (int at = 0; at < size; at += STEP) {
            LongVector egressAndMeta = LongVector.fromArray(SPECIES, words, FastPathFrames.EGRESS_AND_META + at);
            LongVector traits = LongVector.fromArray(SPECIES, words, FastPathFrames.TRAITS + at);
            LongVector digest = LongVector.fromArray(SPECIES, words, FastPathFrames.DIGEST + at);
            LongVector kind = egressAndMeta.and(KIND_MASK);
            LongVector protocol = digest.lanewise(LSHR, 8).and(BYTE);
            VectorMask<Long> expected = LongVector.fromArray(SPECIES, words, FastPathFrames.FLOW_K0 + at)
                .lanewise(XOR, LongVector.fromArray(SPECIES, words, FastPathFrames.K0 + at))
                .or(egressAndMeta.lanewise(LSHR, INGRESS_SHIFT).lanewise(XOR, traits.and(FastPathFrames.INGRESS_MASK)))
                .compare(EQ, 0);
            tunnel |= expected.and(kind.compare(EQ, Egress.TUNNEL)).toLong() << at;
            local |= expected.and(kind.compare(EQ, Egress.PORT)).toLong() << at;
            segments |= protocol.compare(EQ, IpProtocol.IPPROTO_TCP).toLong() << at;
            youngDatagrams |= egressAndMeta.and(FIRST_REPLY_MASK).compare(EQ, FIRST_REPLY)
                .or(egressAndMeta.and(STATE_MASK).compare(EQ, REPLIED)).toLong() << at;
            partial |= traits.and(FastPathFrames.PARTIAL).compare(NE, 0).toLong() << at;
            tooLong |= digest.lanewise(LSHR, FastPathFrames.LENGTH_SHIFT).compare(GT, minMtu).toLong() << at;
        }
        long all = FastPathFrames.all(size);
        frames.tunnel = tunnel & all;
        frames.local = local & all;
        long others = all & ~(frames.tunnel | frames.local);
        frames.underlay = others == 0 ? 0 : toUnderlay(others, words);
        frames.ready = frames.tunnel | frames.local | frames.underlay;
        frames.segments = segments & frames.ready;
        frames.youngDatagrams = youngDatagrams & frames.ready;
        frames.incomplete = partial & (frames.tunnel | frames.underlay);
        frames.requests = partial & frames.local;
        longOnes = tooLong & frames.ready;
    }

    /** One by one: most batches have none, and are not to compare for them. */
    private static long toUnderlay(long others, long[] words) {
        long underlay = 0;
        for (long rest = others; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            long egressAndMeta = words[FastPathFrames.EGRESS_AND_META + frame];
            boolean expected = words[FastPathFrames.FLOW_K0 + frame] == words[FastPathFrames.K0 + frame]
                && egressAndMeta >>> INGRESS_SHIFT == (words[FastPathFrames.TRAITS + frame]
                    & FastPathFrames.INGRESS_MASK);
            underlay |= expected && Egress.kind((int) egressAndMeta) == Egress.UPLINK ? FastPathFrames.bit(frame) : 0;
        }
        return underlay;
    }

    /** Only frames that are too long for their own egress take the slow path: a flow's long and short packets must not overtake each other. */
    private void leaveTooLong(FastPathFrames frames) {
        long[] words = frames.words;
        for (long rest = longOnes; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            if (FastPathFrames.length(words[FastPathFrames.DIGEST + frame]) > dispatch
                .mtu((int) words[FastPathFrames.EGRESS_AND_META + frame])) {
                frames.takeOut(frame);
            }
        }
    }

    /**
     * The packets' own new headers. Sums are taken of words as they lie in memory (RFC 1071 section 2 B), and folded as
     * {@code InternetChecksum.fold32} does.
     */
    private static void rewritten(int size, long[] words) {
        for (int at = 0; at < size; at += STEP) {
            LongVector newAddresses = LongVector.fromArray(SPECIES, words, FastPathFrames.NEW_ADDRESSES + at);
            LongVector deltas = LongVector.fromArray(SPECIES, words, FastPathFrames.PORTS_AND_DELTAS + at);
            LongVector digest = LongVector.fromArray(SPECIES, words, FastPathFrames.DIGEST + at);
            LongVector traits = LongVector.fromArray(SPECIES, words, FastPathFrames.TRAITS + at);
            LongVector addressDelta = deltas.lanewise(LSHR, 32).and(HALF);

            LongVector sum = digest.lanewise(LSHR, 16).and(HALF).lanewise(XOR, HALF).add(addressDelta).add(TTL_DELTA);
            LongVector checksum = sum.add(sum.lanewise(LSHL, 16)).add(sum.lanewise(LSHR, 16))
                .lanewise(XOR, HALF << 16).and(HALF << 16);
            digest.and(HALF).sub(1).or(checksum).or(newAddresses.lanewise(LSHL, 32))
                .intoArray(words, FastPathFrames.NEW_HEADER1 + at);
            newAddresses.lanewise(LSHR, 32).or(deltas.lanewise(LSHL, 32)).intoArray(words,
                FastPathFrames.NEW_HEADER2 + at);

            LongVector field = digest.lanewise(LSHR, FastPathFrames.L4_CHECKSUM_SHIFT).and(HALF);
            VectorMask<Long> isUdp = digest.and(UPPER_BYTE).compare(EQ, IpProtocol.IPPROTO_UDP << 8);
            VectorMask<Long> isPartial = traits.and(FastPathFrames.PARTIAL).compare(NE, 0);
            LongVector flip = LongVector.broadcast(SPECIES, HALF).blend(0, isPartial);
            LongVector l4 = field.lanewise(XOR, flip)
                .add(deltas.lanewise(LSHR, 48).blend(addressDelta, isPartial));
            LongVector changed = l4.add(l4.lanewise(LSHL, 16)).add(l4.lanewise(LSHR, 16)).lanewise(LSHR, 16).and(HALF)
                .lanewise(XOR, flip);
            // UDP: 0 says that there is none, and stays; a checksum that comes out as 0 is sent as 0xFFFF (RFC 768).
            changed.blend(HALF, changed.compare(EQ, 0).and(isUdp).andNot(isPartial))
                .blend(0, isUdp.and(field.compare(EQ, 0)))
                .intoArray(words, FastPathFrames.NEW_CHECKSUM + at);
            LongVector.fromArray(SPECIES, words, FastPathFrames.IP + at)
                .add(LongVector.broadcast(SPECIES, TCP_CHECKSUM).blend(UDP_CHECKSUM, isUdp))
                .intoArray(words, FastPathFrames.CHECKSUM_AT + at);
        }
    }

    /** What the outer headers have of each packet. */
    private static void outer(int size, long[] words, Overlay overlay) {
        long overhead = overlay.encapsulation().overhead();
        long tunnelPort = (long) Character.reverseBytes((char) overlay.port()) << 16;
        for (int at = 0; at < size; at += STEP) {
            LongVector digest = LongVector.fromArray(SPECIES, words, FastPathFrames.DIGEST + at);
            LongVector traits = LongVector.fromArray(SPECIES, words, FastPathFrames.TRAITS + at);
            LongVector total = digest.lanewise(LSHR, FastPathFrames.LENGTH_SHIFT).add(overhead);
            LongVector udp = total.sub(Ipv4Header.LENGTH);
            LongVector port = traits.lanewise(LSHR, FastPathFrames.HASH_SHIFT).and(Encapsulation.SOURCE_PORT_MASK)
                .or(Encapsulation.SOURCE_PORT_BASE);
            LongVector wireLength = total.lanewise(LSHR, 8).and(BYTE).or(total.lanewise(LSHL, 8).and(UPPER_BYTE));
            LongVector ecn = traits.lanewise(LSHR, FastPathFrames.ECN_SHIFT - 8).and(Ecn.MASK << 8);
            wireLength.lanewise(LSHL, 16).or(ecn).or(TunnelHeaders.IPV4_BEGINNING)
                .or(wireLength.add(ecn).lanewise(LSHL, 32)).intoArray(words, FastPathFrames.OUTER_IPV4 + at);
            port.lanewise(LSHR, 8).or(port.lanewise(LSHL, 8).and(UPPER_BYTE)).or(tunnelPort)
                .or(udp.lanewise(LSHL, 24).and(BYTE << 32)).or(udp.lanewise(LSHL, 40).and(BYTE << 40))
                .intoArray(words, FastPathFrames.OUTER_UDP + at);
        }
    }
}
