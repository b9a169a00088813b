package io.weft.dataplane.state;

import io.weft.dataplane.frame.Lanes;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Ecn;
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
    public static final int OWN_ECN_SHIFT = 32;

    private static final int OWN_SOURCE_PORT_SHIFT = 16;
    private static final int OWN_UDP_LENGTH_SHIFT = 48;
    private static final int TOS_AT = EthernetHeader.LENGTH + 1;
    private static final int TOTAL_LENGTH_AT = EthernetHeader.LENGTH + 2;
    /** The first two bytes of a word. */
    private static final int CHECKSUM_AT = EthernetHeader.LENGTH + Ipv4Header.CHECKSUM_OFFSET;
    private static final int SOURCE_PORT_AT = EthernetHeader.LENGTH + Ipv4Header.LENGTH;
    private static final int UDP_LENGTH_AT = SOURCE_PORT_AT + 4;
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
     * @param own as on the wire, from the lowest bits on: total length 16, source port 16, ECN 2 (from {@link #OWN_ECN_SHIFT} on), UDP length in
     *     the upper 16
     * @return false, and nothing written, when the slot is empty
     */
    public static boolean write(long[] words, int header, long at, long own) {
        if (words[header + 1] == 0) { return false; }
        for (int word = 0; word < WORDS; word += Lanes.Widest.COUNT) {
            LongVector.fromArray(Lanes.Widest.SPECIES, words, header + word)
                .intoMemorySegment(Memory.all(), at + (long) word * Long.BYTES, ByteOrder.LITTLE_ENDIAN);
        }
        int length = (int) own & HALF;
        int ecn = (int) (own >>> OWN_ECN_SHIFT) & Ecn.MASK;
        int sum = ((int) words[header + CHECKSUM_AT / Long.BYTES] & HALF) + length + (ecn << 8);
        Memory.putU8(at + TOS_AT, ecn);
        Memory.putNativeU16(at + TOTAL_LENGTH_AT, length);
        Memory.putNativeU16(at + CHECKSUM_AT, ~InternetChecksum.fold32(sum));
        Memory.putNativeU16(at + SOURCE_PORT_AT, (int) (own >>> OWN_SOURCE_PORT_SHIFT));
        Memory.putNativeU16(at + UDP_LENGTH_AT, (int) (own >>> OWN_UDP_LENGTH_SHIFT));
        return true;
    }
}
