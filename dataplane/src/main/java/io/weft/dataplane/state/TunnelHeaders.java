package io.weft.dataplane.state;

import io.weft.dataplane.frame.Lanes;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.tunnel.TunnelTemplate;
import java.nio.ByteOrder;
import jdk.incubator.vector.LongVector;

/**
 * One worker's own copy of the tunnel templates: as they were when the batch began, so that a frame needs no sequence check. Copied anew when
 * {@link Adjacencies#version} says that one has changed, which is rare.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class TunnelHeaders {
    /** Of a slot. */
    public static final int WORDS = TunnelTemplate.LENGTH / Long.BYTES;

    /** Bytes that the tunnel adds to an IPv4 packet's length: IPv4, UDP, VXLAN, Ethernet. */
    public static final int IP_OVERHEAD = TunnelTemplate.LENGTH - EthernetHeader.LENGTH;
    /** Source ports are 49152 to 65535 (RFC 7348 section 5), by the flow's hash. */
    public static final int SOURCE_PORT_BASE = 0xC000;
    public static final int SOURCE_PORT_MASK = 0x3FFF;
    /** The first four bytes of an IPv4 header without options, TOS and total length 0. */
    public static final int IPV4_BEGINNING = 0x45;

    private static final int IPV4_AT = EthernetHeader.LENGTH;
    /** The first two bytes of a word. */
    private static final int CHECKSUM_AT = IPV4_AT + Ipv4Header.CHECKSUM_OFFSET;
    /** A word: end of the destination address, source port, destination port, UDP length. */
    private static final int UDP_AT = 32;
    private static final int HALF = 0xFFFF;

    private final Adjacencies adjacencies;
    private final long[] words;
    private long version = -1;

    public TunnelHeaders(Adjacencies adjacencies) {
        this.adjacencies = adjacencies;
        words = new long[adjacencies.capacity() * WORDS];
    }

    /** @return all slots' words, those of an empty slot 0; valid for this batch */
    public long[] current() {
        long now = adjacencies.version();
        if (now != version) {
            for (int slot = 0; slot < adjacencies.capacity(); slot++) {
                TunnelTemplate.read(adjacencies.address(slot), words, slot * WORDS);
            }
            version = now;
        }
        return words;
    }

    /**
     * Writes the headers to {@code at}, as {@link TunnelTemplate#encap} does: the template in whole registers, then what this packet has of its own.
     *
     * @param header index of the slot's first word
     * @param ownIpv4 in the lower half the header's first four bytes: {@link #IPV4_BEGINNING}, ECN (from bit 8 on), total length (from bit 16 on), as on
     *     the wire; in the upper half the sum of the latter two as 16-bit words in memory
     * @param ownUdp source port from bit 16 on and UDP length from bit 48 on, as on the wire
     * @return false, and nothing written, when the slot is empty
     */
    public static boolean write(long[] words, int header, long at, long ownIpv4, long ownUdp) {
        long udp = words[header + UDP_AT / Long.BYTES];
        if (udp == 0) { return false; }
        for (int word = 0; word < WORDS; word += Lanes.Widest.COUNT) {
            LongVector.fromArray(Lanes.Widest.SPECIES, words, header + word)
                .intoMemorySegment(Memory.all(), at + (long) word * Long.BYTES, ByteOrder.LITTLE_ENDIAN);
        }
        Memory.putNativeI32(at + IPV4_AT, (int) ownIpv4);
        int sum = ((int) words[header + CHECKSUM_AT / Long.BYTES] & HALF) + (int) (ownIpv4 >>> 32);
        Memory.putNativeU16(at + CHECKSUM_AT, ~InternetChecksum.fold32(sum));
        Memory.putNativeI64(at + UDP_AT, udp | ownUdp);
        return true;
    }
}
