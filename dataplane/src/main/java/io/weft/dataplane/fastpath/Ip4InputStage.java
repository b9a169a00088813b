package io.weft.dataplane.fastpath;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.REVERSE_BYTES;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.Lanes;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowTable;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code ip4-input}: checks the IPv4 and L4 headers of as many frames at once as a register has lanes. All lanes compute the same: whatever is
 * wrong with a frame makes one number negative, which is looked at once, at the end.
 *
 * <p>A checksum is right if the sum of all words is a multiple of 65535. The sums here are of five words of 32 bits at most, and not 0: halved and
 * added twice they are below 2 * 65535, so it is one if 65535 is left. A product with the inverse of 65535 would say the same, but is slower
 * in vector registers.
 *
 * <p>It does not check whether ports and addresses make sense: if a flow is found, its first packet has passed all checks of the slow path.
 *
 * <p>A SYN takes the slow path: whether it belongs to the flow that it finds depends on the flow's state.
 *
 * <p>It also loads, from each flow's home slot, the word that tells which flow is there: this is where most packets miss the cache. Nothing depends on it here, so the
 * misses of the whole batch are under way at once (Java has no prefetch), and beside other work.
 *
 * <p>Three loops, because the JIT inlines only so much in one method (ADR 0006). Vectors are never passed to a method of our own: one that is not
 * inlined would have them allocated.
 */
final class Ip4InputStage extends FastPathStage {
    private static final VectorSpecies<Long> SPECIES = Lanes.Widest.SPECIES;
    private static final int STEP = Lanes.Widest.COUNT;

    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final long HIGH_32 = ~LOW_32;
    private static final long HALF = 0xFFFF;
    private static final long BYTE = 0xFF;
    private static final long UPPER_BYTE = 0xFF00;
    /** Version, IHL, more-fragments bit and fragment offset; the bit of "don't fragment" and the reserved one are left out. */
    static final long FORM_MASK = 0xFF3F_0000_0000_00FFL;
    static final long FORM = 0x45;
    private static final int PROTOCOL_SHIFT = 8;
    private static final int K1_PROTOCOL_SHIFT = 24;
    private static final long K1_PROTOCOL_MASK = BYTE << K1_PROTOCOL_SHIFT;

    private final FlowTable flows;

    Ip4InputStage(FlowTable flows) {
        super(GraphNodeId.IP4_INPUT);
        this.flows = flows;
    }

    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        int size = batch.size;
        keys(size, frames.words);
        network(size, frames.words);
        transport(size, frames.words);
        return size;
    }

    /** Form, length, TTL and checksum of the IPv4 header; and the flow's home slot. */
    private void network(int size, long[] words) {
        for (int at = 0; at < size; at += STEP) {
            LongVector first = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER0 + at);
            LongVector second = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER1 + at);
            LongVector third = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER2 + at);
            LongVector addressSum = second.lanewise(LSHR, 32).add(third.and(LOW_32));
            LongVector sum = first.and(LOW_32).add(first.lanewise(LSHR, 32)).add(second.and(LOW_32)).add(addressSum);
            LongVector once = sum.and(HALF).add(sum.lanewise(LSHR, 16));
            LongVector totalLength = first.lanewise(LSHR, 24).and(BYTE).or(first.lanewise(LSHR, 8).and(UPPER_BYTE));
            LongVector negative = LongVector.fromArray(SPECIES, words, FastPathFrames.REMAINING + at).sub(totalLength)
                .or(second.and(BYTE).sub(2));
            LongVector differences = first.and(FORM_MASK).lanewise(XOR, FORM)
                .or(LongVector.fromArray(SPECIES, words, FastPathFrames.UNEXPECTED + at));
            VectorMask<Long> eligible = differences.compare(EQ, 0)
                .and(once.and(HALF).add(once.lanewise(LSHR, 16)).compare(EQ, HALF));
            LongVector.broadcast(SPECIES, -1).blend(negative, eligible).intoArray(words, FastPathFrames.VERDICT + at);
            for (int frame = at; frame < at + STEP; frame++) {
                words[FastPathFrames.HOME_K1 + frame] = FlowEntry
                    .plainK1(Memory.address(words[FastPathFrames.FLOW + frame]));
            }
            addressSum.intoArray(words, FastPathFrames.ADDRESS_SUM + at);
            totalLength.intoArray(words, FastPathFrames.TOTAL_LENGTH + at);
        }
    }

    /** Lengths and flags of UDP and TCP, and whether the checksum is a partial one, of the pseudo-header alone. */
    private void transport(int size, long[] words) {
        for (int at = 0; at < size; at += STEP) {
            LongVector second = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER1 + at);
            LongVector udp = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER3 + at);
            LongVector tcp = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER4 + at);
            LongVector totalLength = LongVector.fromArray(SPECIES, words, FastPathFrames.TOTAL_LENGTH + at);
            LongVector l4Length = totalLength.sub(Ipv4Header.LENGTH);
            LongVector protocol = second.lanewise(LSHR, PROTOCOL_SHIFT).and(BYTE);
            VectorMask<Long> isTcp = protocol.compare(EQ, IpProtocol.IPPROTO_TCP);

            LongVector udpLength = udp.lanewise(LSHR, 8).and(BYTE).or(udp.lanewise(LSHL, 8).and(UPPER_BYTE));
            LongVector udpNegative = LongVector.broadcast(SPECIES, -1)
                .blend(udpLength.sub(UdpHeader.LENGTH).or(l4Length.sub(udpLength)),
                    protocol.compare(EQ, IpProtocol.IPPROTO_UDP));
            LongVector tcpLength = tcp.lanewise(LSHR, 2).and(0x3C);
            LongVector invalidFlags = LongVector.broadcast(SPECIES, TcpHeader.VALID_WITHIN_CONNECTION)
                .lanewise(LSHR, tcp.lanewise(LSHR, 8).and(TcpHeader.MEANINGFUL)).and(1).sub(1);
            LongVector tcpNegative = tcpLength.sub(TcpHeader.LENGTH).or(l4Length.sub(tcpLength)).or(invalidFlags);
            LongVector negative = LongVector.fromArray(SPECIES, words, FastPathFrames.VERDICT + at)
                .or(udpNegative.blend(tcpNegative, isTcp));
            LongVector.fromArray(SPECIES, words, FastPathFrames.K1 + at).or(negative.lanewise(ASHR, Long.SIZE - 1))
                .intoArray(words, FastPathFrames.K1 + at);

            LongVector checksum = udp.lanewise(LSHR, 16).blend(tcp.lanewise(LSHR, 32), isTcp).and(HALF);
            // The folded sum is the field if the sum less the field is a multiple of 65535; a sum is never folded to 0.
            LongVector difference = LongVector.fromArray(SPECIES, words, FastPathFrames.ADDRESS_SUM + at)
                .add(protocol.lanewise(LSHL, PROTOCOL_SHIFT))
                .add(l4Length.lanewise(LSHR, 8).and(BYTE)).add(l4Length.lanewise(LSHL, 8).and(UPPER_BYTE))
                .add(checksum.lanewise(XOR, HALF));
            LongVector once = difference.and(HALF).add(difference.lanewise(LSHR, 16));
            VectorMask<Long> partial = checksum.compare(NE, 0)
                .and(once.and(HALF).add(once.lanewise(LSHR, 16)).compare(EQ, HALF));
            second.and(LOW_32).or(checksum.lanewise(LSHL, FastPathFrames.L4_CHECKSUM_SHIFT))
                .or(totalLength.lanewise(LSHL, FastPathFrames.LENGTH_SHIFT))
                .intoArray(words, FastPathFrames.DIGEST + at);
            LongVector.fromArray(SPECIES, words, FastPathFrames.TRAITS + at)
                .or(LongVector.fromArray(SPECIES, words, FastPathFrames.INGRESS + at))
                .or(LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER0 + at)
                    .lanewise(LSHL, FastPathFrames.ECN_SHIFT - 8)
                    .and(3L << FastPathFrames.ECN_SHIFT))
                .or(LongVector.zero(SPECIES).blend(FastPathFrames.PARTIAL, partial))
                .or(tcp.lanewise(LSHL, FastPathFrames.TCP_FLAGS_SHIFT - 8).and(BYTE << FastPathFrames.TCP_FLAGS_SHIFT))
                .intoArray(words, FastPathFrames.TRAITS + at);
        }
    }

    /** Flow keys, as {@code FlowKey} has them, and their hashes ({@link FlowHash#hash}). */
    private void keys(int size, long[] words) {
        long firstSlot = flows.home(0);
        long lastSlot = flows.slotCount() - 1L;
        for (int at = 0; at < size; at += STEP) {
            LongVector second = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER1 + at);
            LongVector third = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER2 + at);
            LongVector k0 = second.lanewise(LSHR, 32).or(third.lanewise(LSHL, 32)).lanewise(REVERSE_BYTES);
            LongVector k1 = third.lanewise(REVERSE_BYTES).lanewise(LSHL, 32)
                .or(second.lanewise(LSHL, K1_PROTOCOL_SHIFT - PROTOCOL_SHIFT).and(K1_PROTOCOL_MASK));
            LongVector hash = k0.mul(FlowHash.GOLDEN_RATIO);
            hash = hash.lanewise(XOR, hash.lanewise(LSHR, 32)).lanewise(XOR, k1);
            hash = hash.lanewise(XOR, hash.lanewise(LSHR, 30)).mul(FlowHash.MIX_1);
            hash = hash.lanewise(XOR, hash.lanewise(LSHR, 27)).mul(FlowHash.MIX_2);
            k0.intoArray(words, FastPathFrames.K0 + at);
            k1.intoArray(words, FastPathFrames.K1 + at);
            hash.and(HIGH_32).intoArray(words, FastPathFrames.TRAITS + at);
            hash.lanewise(LSHR, 32).and(lastSlot).lanewise(LSHL, FlowTable.SLOT_SHIFT).add(firstSlot)
                .intoArray(words, FastPathFrames.FLOW + at);
        }
    }
}
