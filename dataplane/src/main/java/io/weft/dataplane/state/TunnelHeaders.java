package io.weft.dataplane.state;

import io.weft.dataplane.frame.Lanes;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.encap.tunnel.TunnelTemplate;
import java.nio.ByteOrder;
import jdk.incubator.vector.LongVector;

/**
 * One worker's own copy of the tunnel templates: as they were when the batch began, so that a frame needs no sequence check. It is copied again when
 * {@link Adjacencies#version} or the node's encapsulation says that it is out of date, which is rare. A slot of another encapsulation counts as empty: the
 * conductor is about to rewrite it.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class TunnelHeaders {
    /** The first four bytes of an IPv4 header without options, TOS and total length 0. */
    public static final int IPV4_BEGINNING = 0x45;

    private static final int WORDS = TunnelTemplate.LENGTH / Long.BYTES;
    private static final int HALF = 0xFFFF;

    private final Adjacencies adjacencies;
    private final long[] words;
    /** Of each slot: the sum of its outer IPv4 header, as in memory; 0 when it is empty. */
    private final int[] sums;
    private long version = -1;
    private Encapsulation encapsulation;
    /** From the inner packet, negative: to the outer IPv4 header; to what is behind it, of UDP, and else to headroom before the frame. */
    private int ipv4At;
    private int udpAt;

    public TunnelHeaders(Adjacencies adjacencies) {
        this.adjacencies = adjacencies;
        words = new long[adjacencies.capacity() * WORDS];
        sums = new int[adjacencies.capacity()];
    }

    /** Before a batch's first {@link #write}. */
    public void begin(Encapsulation current) {
        long now = adjacencies.version();
        if (now != version || current != encapsulation) {
            encapsulation = current;
            version = now;
            ipv4At = -current.overhead();
            udpAt = current.hasUdp() ? ipv4At + Ipv4Header.LENGTH : -TunnelTemplate.LENGTH;
            copy();
        }
    }

    private void copy() {
        int checksumAt = TunnelTemplate.LENGTH + ipv4At + Ipv4Header.CHECKSUM_OFFSET; // even, so it is inside one word
        for (int slot = 0; slot < sums.length; slot++) {
            TunnelTemplate.read(adjacencies.address(slot), encapsulation, words, slot * WORDS);
            sums[slot] = (int) (words[slot * WORDS + checksumAt / Long.BYTES] >>> checksumAt % Long.BYTES * Byte.SIZE)
                & HALF;
        }
    }

    /**
     * Writes the headers before an inner packet, as {@link TunnelTemplate#encap} does: the template in whole registers, then what this packet has of its own.
     *
     * @param ip the inner packet
     * @param ownIpv4 in the lower half the header's first four bytes: {@link #IPV4_BEGINNING}, ECN (from bit 8 on), total length (from bit 16 on), as on
     *     the wire; in the upper half the sum of the latter two as 16-bit words in memory
     * @param ownUdp the whole UDP header, as on the wire; anything without UDP
     * @return false, and nothing written, when the slot is empty
     */
    public boolean write(int slot, long ip, long ownIpv4, long ownUdp) {
        int sum = sums[slot];
        if (sum == 0) { return false; }
        long at = ip - TunnelTemplate.LENGTH;
        for (int word = 0; word < WORDS; word += Lanes.Widest.COUNT) {
            LongVector.fromArray(Lanes.Widest.SPECIES, words, slot * WORDS + word)
                .intoMemorySegment(Memory.all(), at + (long) word * Long.BYTES, ByteOrder.LITTLE_ENDIAN);
        }
        Memory.putNativeI64(ip + udpAt, ownUdp);
        Memory.putNativeI32(ip + ipv4At, (int) ownIpv4);
        Memory.putNativeU16(ip + ipv4At + Ipv4Header.CHECKSUM_OFFSET,
            ~InternetChecksum.fold32(sum + (int) (ownIpv4 >>> 32)));
        return true;
    }
}
