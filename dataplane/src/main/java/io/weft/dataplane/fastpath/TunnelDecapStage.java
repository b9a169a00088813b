package io.weft.dataplane.fastpath;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.L2I;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.graph.node.TunnelDecap;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.encap.tunnel.TunnelMatch;
import java.util.Arrays;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** {@code vxlan4-decap}: the outer headers of frames that a known peer sent through the tunnel; and the Ethernet header of others from the uplink. */
final class TunnelDecapStage extends FastPathStage {
    private static final VectorSpecies<Long> SPECIES = Lanes.Widest.SPECIES;
    private static final int STEP = Lanes.Widest.COUNT;

    private static final long BYTE = 0xFF;
    private static final long UPPER_BYTE = 0xFF00;
    private static final long HALF = 0xFFFF;
    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final int TYPE = EthernetHeader.LENGTH - 2;
    /** No packet that is sent on is shorter. */
    private static final int MIN_INNER = Ipv4Header.LENGTH + UdpHeader.LENGTH;
    /** Destination, and the group bit of the source. */
    private static final long ETHERNET_MASK = 0x0001_FFFF_FFFF_FFFFL;
    private static final int WIRE_IPV4 = swap16(EthernetHeader.ETH_P_IP);
    /** Of the outer TOS, as the IPv4 header's first word has it. */
    private static final long ECN_LOW_BIT = 1L << 8;
    // Where in `match` each of its words is.
    private static final int PROTOCOL = 0;
    /** All bits for a tunnel with a UDP header, whose length must then be the IPv4 header's: senders write no other. Else none. */
    private static final int UDP = PROTOCOL + STEP;
    private static final int MIN = UDP + STEP;
    private static final int MASK0 = MIN + STEP;
    private static final int VALUE0 = MASK0 + STEP;
    private static final int MASK1 = VALUE0 + STEP;
    private static final int VALUE1 = MASK1 + STEP;
    private static final int MASK2 = VALUE1 + STEP;
    private static final int VALUE2 = MASK2 + STEP;
    private static final int MATCH_WORDS = VALUE2 + STEP;
    private static final int PEERS = 1024;
    private static final int PEER_SHIFT = Integer.SIZE - 10;
    private static final long GOLDEN_RATIO = 0x9E37_79B1L;
    /** Of a peer in the lower half of a word. */
    private static final long NEGATIVE = 0x8000_0000L;
    /** Of the endpoint 255.255.255.255. */
    private static final long NO_PEER = -1;

    private final BatchContext context;
    private long uplinkMac;
    /** From a frame's first byte to the inner packet, and to its type: the outer one, without an inner Ethernet header. */
    private int innerIp;
    private int innerType;
    /** From the outer IPv4 header to the inner packet. */
    private int outerLength;
    /** What {@link #compare} needs of the overlay, each word in every lane: loading a vector is cheaper than filling one, and there are too many to stay in registers. */
    private final long[] match = new long[MATCH_WORDS];
    /** What the four before follow from. */
    private LocalNode local;
    /** Endpoint as on the wire 32 | peer, or a negative number for none, 32; by a hash of the endpoint. Of {@link #generation} of {@link #known}. */
    private final long[] peers = new long[PEERS];
    /** Of each frame, its place in {@link #peers}. */
    private final int[] slots = new int[FrameBatch.CAPACITY];
    private ForwardingTables known;
    private long generation;

    TunnelDecapStage(BatchContext context) {
        this.context = context;
    }

    @Override
    public GraphNodeId node() {
        return context.tunnelCounters().decap();
    }

    /** Where the outer headers are as expected, loads the inner packet's headers in place of them. */
    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long uplink = frames.uplink;
        if (uplink != 0 && context.ports().kind(PortId.UPLINK) == PortKind.UPLINK) {
            begin();
            long expected = compare(batch.size, frames.words) & uplink;
            if (expected != uplink) {
                withoutTunnel(batch, frames.words, uplink & ~expected);
            }
            long marked = congestionMarks(batch.size, frames.words) & expected;
            long unknown = enter(batch.size, frames.words, expected);
            if (unknown != 0) {
                expected &= ~find(frames.words, unknown);
            }
            load(batch, frames.words, expected);
            carry(batch, frames.words, marked & expected);
        }
        return Long.bitCount(uplink);
    }

    /**
     * Frames from the underlay that are not the tunnel's: replies to masqueraded flows, and packets to Services. {@link EthernetInputStage} has
     * loaded their headers, and found that they are from no pod.
     */
    private void withoutTunnel(FrameBatch batch, long[] words, long plain) {
        for (long rest = plain & ~batch.withoutHeadroom; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            long at = Memory.address(batch.at[frame]);
            if (((Memory.nativeI64(at) ^ uplinkMac) & ETHERNET_MASK | Memory.nativeU16(at + TYPE) ^ WIRE_IPV4) == 0) {
                words[FastPathFrames.UNEXPECTED + frame] = 0;
            }
        }
    }

    /** Takes what holds for one batch. */
    private void begin() {
        uplinkMac = Long.reverseBytes(context.ports().localMac(PortId.UPLINK) << 16);
        followOverlay();
        forgetChangedPeers();
    }

    @SuppressWarnings("ReferenceEquality") // another version is another object
    private void followOverlay() {
        if (local == context.local()) { return; }
        local = context.local();
        Overlay overlay = local.overlay();
        Encapsulation encapsulation = overlay.encapsulation();
        innerIp = encapsulation.length();
        innerType = (encapsulation.hasInnerEthernet() ? innerIp : EthernetHeader.LENGTH) - 2;
        outerLength = innerIp - EthernetHeader.LENGTH;
        TunnelMatch header = encapsulation.match(context.local4().address(), overlay.port(), overlay.id());
        fill(PROTOCOL, (long) encapsulation.protocol() << 8);
        fill(UDP, encapsulation.hasUdp() ? -1 : 0);
        fill(MIN, (long) outerLength + MIN_INNER);
        fill(MASK0, header.mask0());
        fill(VALUE0, header.value0());
        fill(MASK1, header.mask1());
        fill(VALUE1, header.value1());
        fill(MASK2, header.mask2());
        fill(VALUE2, header.value2());
    }

    private void fill(int at, long value) {
        Arrays.fill(match, at, at + STEP, value);
    }

    /** The tables change in place, but a change counts from its generation on. */
    @SuppressWarnings("ReferenceEquality") // another file is another object
    private void forgetChangedPeers() {
        ForwardingTables tables = context.tables();
        long now = tables.generation();
        if (tables != known || now != generation) {
            known = tables;
            generation = now;
            Arrays.fill(peers, NO_PEER);
        }
    }

    /** @return frames whose outer headers are right, and to this node; {@link EthernetInputStage} has put them where others have IPv4 and L4 */
    private long compare(int size, long[] words) {
        long right = 0;
        long[] wanted = match;
        for (int at = 0; at < size; at += STEP) {
            LongVector first = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER0 + at);
            LongVector second = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER1 + at);
            LongVector third = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER2 + at);
            LongVector fourth = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER3 + at);
            LongVector sum = first.and(LOW_32).add(first.lanewise(LSHR, 32)).add(second.and(LOW_32))
                .add(second.lanewise(LSHR, 32)).add(third.and(LOW_32));
            LongVector once = sum.and(HALF).add(sum.lanewise(LSHR, 16));
            LongVector totalLength = first.lanewise(LSHR, 24).and(BYTE).or(first.lanewise(LSHR, 8).and(UPPER_BYTE));
            LongVector udpLength = fourth.lanewise(LSHR, 8).and(BYTE).or(fourth.lanewise(LSHL, 8).and(UPPER_BYTE));
            LongVector negative = LongVector.fromArray(SPECIES, words, FastPathFrames.REMAINING + at).sub(totalLength)
                .or(totalLength.sub(LongVector.fromArray(SPECIES, wanted, MIN)));
            LongVector differences = first.and(Ip4InputStage.FORM_MASK).lanewise(XOR, Ip4InputStage.FORM)
                .or(second.and(UPPER_BYTE).lanewise(XOR, LongVector.fromArray(SPECIES, wanted, PROTOCOL)))
                .or(totalLength.sub(Ipv4Header.LENGTH).sub(udpLength)
                    .and(LongVector.fromArray(SPECIES, wanted, UDP)))
                .or(third.and(LongVector.fromArray(SPECIES, wanted, MASK0))
                    .lanewise(XOR, LongVector.fromArray(SPECIES, wanted, VALUE0)))
                .or(fourth.and(LongVector.fromArray(SPECIES, wanted, MASK1))
                    .lanewise(XOR, LongVector.fromArray(SPECIES, wanted, VALUE1)))
                .or(LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER4 + at)
                    .and(LongVector.fromArray(SPECIES, wanted, MASK2))
                    .lanewise(XOR, LongVector.fromArray(SPECIES, wanted, VALUE2)));
            right |= differences.or(negative.lanewise(LSHR, Long.SIZE - 1)).compare(EQ, 0)
                .and(once.and(HALF).add(once.lanewise(LSHR, 16)).compare(EQ, HALF)).toLong() << at;
        }
        return right;
    }

    /** @return frames whose outer ECN may have to be carried inside: CE, and ECT(1) */
    private static long congestionMarks(int size, long[] words) {
        long marks = 0;
        for (int at = 0; at < size; at += STEP) {
            marks |= LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER0 + at).and(ECN_LOW_BIT).compare(NE, 0)
                .toLong() << at;
        }
        return marks;
    }

    /**
     * Goes on behind the outer headers of expected frames: position, length, sender.
     *
     * @return those whose sender is not in {@link #peers}
     */
    private long enter(int size, long[] words, long expected) {
        long unknown = 0;
        long outer = outerLength;
        for (int at = 0; at < size; at += STEP) {
            VectorMask<Long> mask = VectorMask.fromLong(SPECIES, expected >>> at);
            LongVector endpoint = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER1 + at).lanewise(LSHR, 32);
            endpoint.mul(GOLDEN_RATIO).and(LOW_32).lanewise(LSHR, PEER_SHIFT)
                .convertShape(L2I, Lanes.Widest.INTS, 0).reinterpretAsInts().intoArray(slots, at);
            LongVector entry = LongVector.fromArray(SPECIES, peers, 0, slots, at);
            unknown |= entry.lanewise(LSHR, 32).lanewise(XOR, endpoint).or(entry.and(NEGATIVE)).compare(NE, 0)
                .toLong() << at;
            entry.and(FastPathFrames.INGRESS_MASK).or(Ingress.TUNNEL)
                .intoArray(words, FastPathFrames.INGRESS + at, mask);
            LongVector first = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER0 + at);
            first.lanewise(LSHR, 24).and(BYTE).or(first.lanewise(LSHR, 8).and(UPPER_BYTE)).sub(outer)
                .intoArray(words, FastPathFrames.REMAINING + at, mask);
            LongVector.fromArray(SPECIES, words, FastPathFrames.IP + at).add(outer)
                .intoArray(words, FastPathFrames.IP + at, mask);
        }
        return unknown & expected;
    }

    /** Loads what is inside, and compares what Ethernet headers have in common. */
    private void load(FrameBatch batch, long[] words, long expected) {
        long mac = uplinkMac;
        int toInner = innerIp;
        int toType = innerType;
        for (long rest = expected; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            long at = Memory.address(batch.at[frame]);
            words[FastPathFrames.UNEXPECTED + frame] = (Memory.nativeI64(at) ^ mac) & ETHERNET_MASK
                | Memory.nativeU16(at + TYPE) ^ WIRE_IPV4 | Memory.nativeU16(at + toType) ^ WIRE_IPV4;
            long ip = Memory.address(at + toInner); // again, because the distance is not a constant
            words[FastPathFrames.HEADER0 + frame] = Memory.nativeI64(ip);
            words[FastPathFrames.HEADER1 + frame] = Memory.nativeI64(ip + 8);
            words[FastPathFrames.HEADER2 + frame] = Memory.nativeI64(ip + 16);
            words[FastPathFrames.HEADER3 + frame] = Memory.nativeI64(ip + 24);
            words[FastPathFrames.HEADER4 + frame] = Memory.nativeI64(ip + 32);
        }
    }

    /**
     * Marks packets that met congestion in the tunnel. It changes frames that may yet take the slow path; {@link TunnelDecap} then finds nothing left to be marked. These
     * must not take it for their mark alone: the flow's other packets would overtake them.
     */
    private void carry(FrameBatch batch, long[] words, long marked) {
        for (long rest = marked; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            if (words[FastPathFrames.UNEXPECTED + frame] == 0) {
                long at = Memory.address(batch.at[frame]);
                long ip = at + innerIp;
                words[FastPathFrames.UNEXPECTED + frame] = TunnelDecap.carryEcn(at + EthernetHeader.LENGTH, ip) ? 0
                    : -1;
                words[FastPathFrames.HEADER0 + frame] = Memory.nativeI64(ip);
                words[FastPathFrames.HEADER1 + frame] = Memory.nativeI64(ip + 8);
            }
        }
    }

    /**
     * Looks up the senders of frames that sent none before, or have their place in {@link #peers} taken by another.
     *
     * @return frames whose sender is no peer
     */
    private long find(long[] words, long unknown) {
        long unknownPeers = 0;
        for (long rest = unknown; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            int endpoint = (int) (words[FastPathFrames.HEADER1 + frame] >>> 32);
            int peer = known.peerByEndpoint(Integer.reverseBytes(endpoint));
            peers[slots[frame]] = (long) endpoint << 32 | peer & LOW_32;
            words[FastPathFrames.INGRESS + frame] = Ingress.tunnel(peer);
            unknownPeers |= peer < 0 ? FastPathFrames.bit(frame) : 0;
        }
        return unknownPeers;
    }

    /** The lower half, its two bytes exchanged. */
    private static int swap16(int value) {
        return Character.reverseBytes((char) value);
    }
}
