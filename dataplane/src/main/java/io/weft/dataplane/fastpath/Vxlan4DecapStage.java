package io.weft.dataplane.fastpath;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.L2I;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.ULE;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.graph.node.Vxlan4Decap;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.TunnelTemplate;
import io.weft.encap.tunnel.VxlanHeader;
import java.util.Arrays;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** {@code vxlan4-decap}: the outer headers of frames that a known peer sent through the tunnel. */
final class Vxlan4DecapStage extends FastPathStage {
    private static final VectorSpecies<Long> SPECIES = Lanes.Widest.SPECIES;
    private static final int STEP = Lanes.Widest.COUNT;

    private static final long BYTE = 0xFF;
    private static final long UPPER_BYTE = 0xFF00;
    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final int INNER_IP = TunnelTemplate.LENGTH;
    private static final int TYPE = EthernetHeader.LENGTH - 2;
    private static final int INNER_TYPE = INNER_IP - 2;
    /** Of the UDP length: what is before the inner packet, and the least of that. */
    private static final int UDP_AND_LINK = UdpHeader.LENGTH + VxlanHeader.LENGTH + EthernetHeader.LENGTH;
    private static final int MIN_UDP = UDP_AND_LINK + Ipv4Header.LENGTH + UdpHeader.LENGTH;
    /** Destination, and the group bit of the source. */
    private static final long ETHERNET_MASK = 0x0001_FFFF_FFFF_FFFFL;
    private static final long ADDRESS_AND_PORT_MASK = 0xFFFF_0000_FFFF_FFFFL;
    private static final int WIRE_IPV4 = swap16(EthernetHeader.ETH_P_IP);
    /** Of the outer TOS, as the IPv4 header's first word has it. */
    private static final long ECN_LOW_BIT = 1L << 8;
    private static final long FLAG_VNI = 0x08L << 32;
    private static final long VNI_MASK = 0xFF_FFFF;
    private static final int PEERS = 1024;
    private static final int PEER_SHIFT = Integer.SIZE - 10;
    private static final long GOLDEN_RATIO = 0x9E37_79B1L;
    /** Of a peer in the lower half of a word. */
    private static final long NEGATIVE = 0x8000_0000L;
    /** Of the endpoint 255.255.255.255. */
    private static final long NO_PEER = -1;

    private final BatchContext context;
    private long uplinkMac;
    private long addressAndPort;
    private long vni;
    /** Endpoint as on the wire 32 | peer, or a negative number for none, 32; by a hash of the endpoint. Of {@link #generation} of {@link #known}. */
    private final long[] peers = new long[PEERS];
    /** Of each frame, its place in {@link #peers}. */
    private final int[] slots = new int[FrameBatch.CAPACITY];
    private ForwardingTables known;
    private long generation;

    Vxlan4DecapStage(BatchContext context) {
        super(GraphNodeId.VXLAN4_DECAP);
        this.context = context;
    }

    /** Where the outer headers are as expected, loads the inner packet's headers in place of them. */
    @Override
    int process(FrameBatch batch, FastPathFrames frames) {
        long uplink = frames.uplink;
        if (uplink != 0 && context.ports().kind(PortId.UPLINK) == PortKind.UPLINK) {
            begin();
            long expected = compare(batch.size, frames.words) & uplink;
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

    /** Takes what holds for one batch. */
    private void begin() {
        uplinkMac = Long.reverseBytes(context.ports().localMac(PortId.UPLINK) << 16);
        addressAndPort = Integer.reverseBytes(context.local4().address()) & LOW_32
            | (long) swap16(context.local().overlayPort()) << 48;
        vni = Integer.reverseBytes(context.local().vni() << 8);
        forgetChangedPeers();
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

    /** @return frames whose outer IPv4, UDP and VXLAN headers are right, and to this node; {@link EthernetInputStage} has put them where others have IPv4 and L4 */
    private long compare(int size, long[] words) {
        long right = 0;
        for (int at = 0; at < size; at += STEP) {
            LongVector first = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER0 + at);
            LongVector second = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER1 + at);
            LongVector third = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER2 + at);
            LongVector udpAndVxlan = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER3 + at);
            LongVector sum = first.and(LOW_32).add(first.lanewise(LSHR, 32)).add(second.and(LOW_32))
                .add(second.lanewise(LSHR, 32)).add(third.and(LOW_32));
            LongVector totalLength = first.lanewise(LSHR, 24).and(BYTE).or(first.lanewise(LSHR, 8).and(UPPER_BYTE));
            LongVector udpLength = udpAndVxlan.lanewise(LSHR, 8).and(BYTE)
                .or(udpAndVxlan.lanewise(LSHL, 8).and(UPPER_BYTE));
            LongVector negative = LongVector.fromArray(SPECIES, words, FastPathFrames.REMAINING + at).sub(totalLength)
                .or(totalLength.sub(Ipv4Header.LENGTH).sub(udpLength)).or(udpLength.sub(MIN_UDP));
            LongVector differences = first.and(Ip4InputStage.FORM_MASK).lanewise(XOR, Ip4InputStage.FORM)
                .or(second.and(UPPER_BYTE).lanewise(XOR, IpProtocol.IPPROTO_UDP << 8))
                .or(third.lanewise(XOR, addressAndPort).and(ADDRESS_AND_PORT_MASK))
                .or(udpAndVxlan.and(FLAG_VNI).lanewise(XOR, FLAG_VNI))
                .or(LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER4 + at).and(VNI_MASK).lanewise(XOR, vni));
            right |= differences.or(negative.lanewise(LSHR, Long.SIZE - 1)).compare(EQ, 0)
                .and(sum.mul(InternetChecksum.INVERSE_OF_65535).compare(ULE, InternetChecksum.MAX_QUOTIENT))
                .toLong() << at;
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
            LongVector udp = LongVector.fromArray(SPECIES, words, FastPathFrames.HEADER3 + at);
            udp.lanewise(LSHR, 8).and(BYTE).or(udp.lanewise(LSHL, 8).and(UPPER_BYTE)).sub(UDP_AND_LINK)
                .intoArray(words, FastPathFrames.REMAINING + at, mask);
            LongVector.fromArray(SPECIES, words, FastPathFrames.IP + at).add(INNER_IP - EthernetHeader.LENGTH)
                .intoArray(words, FastPathFrames.IP + at, mask);
        }
        return unknown & expected;
    }

    /** Loads what is inside, and compares what Ethernet headers have in common. */
    private void load(FrameBatch batch, long[] words, long expected) {
        long mac = uplinkMac;
        for (long rest = expected; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            long at = Memory.address(batch.at[frame]);
            words[FastPathFrames.UNEXPECTED + frame] = (Memory.nativeI64(at) ^ mac) & ETHERNET_MASK
                | Memory.nativeU16(at + TYPE) ^ WIRE_IPV4 | Memory.nativeU16(at + INNER_TYPE) ^ WIRE_IPV4;
            words[FastPathFrames.HEADER0 + frame] = Memory.nativeI64(at + INNER_IP);
            words[FastPathFrames.HEADER1 + frame] = Memory.nativeI64(at + INNER_IP + 8);
            words[FastPathFrames.HEADER2 + frame] = Memory.nativeI64(at + INNER_IP + 16);
            words[FastPathFrames.HEADER3 + frame] = Memory.nativeI64(at + INNER_IP + 24);
            words[FastPathFrames.HEADER4 + frame] = Memory.nativeI64(at + INNER_IP + 32);
        }
    }

    /**
     * Marks packets that met congestion in the tunnel. It changes frames that may yet take the slow path; {@link Vxlan4Decap} then finds nothing left to be marked. These
     * must not take it for their mark alone: the flow's other packets would overtake them.
     */
    private static void carry(FrameBatch batch, long[] words, long marked) {
        for (long rest = marked; rest != 0; rest = FastPathFrames.withoutFirst(rest)) {
            int frame = FastPathFrames.first(rest);
            if (words[FastPathFrames.UNEXPECTED + frame] == 0) {
                long at = Memory.address(batch.at[frame]);
                words[FastPathFrames.UNEXPECTED + frame] = Vxlan4Decap.carryEcn(at + EthernetHeader.LENGTH,
                    at + INNER_IP) ? 0
                        : -1;
                words[FastPathFrames.HEADER0 + frame] = Memory.nativeI64(at + INNER_IP);
                words[FastPathFrames.HEADER1 + frame] = Memory.nativeI64(at + INNER_IP + 8);
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
