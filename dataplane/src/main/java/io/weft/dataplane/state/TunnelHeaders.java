package io.weft.dataplane.state;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.tunnel.TunnelTemplate;

/**
 * One worker's own copy of the tunnel templates: as they were when the batch began, so that a frame needs no sequence check. Copied anew when
 * {@link Adjacencies#version} says that one has changed, which is rare.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class TunnelHeaders {
    /** Of a slot. */
    public static final int WORDS = TunnelTemplate.LENGTH / Long.BYTES;

    private static final int SOURCE_PORT_BASE = 0xC000;
    private static final int SOURCE_PORT_MASK = 0x3FFF;
    private static final int HALF = 0xFFFF;
    private static final int OUTER_IP = 14;
    private static final int IP_LENGTH = 20;

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
     * Writes the headers to {@code at}, as {@link TunnelTemplate#encap} does.
     *
     * @param header index of the slot's first word
     * @param ecn of the inner packet
     * @return false, and nothing written, when the slot is empty
     */
    public static boolean write(long[] words, int header, long at, int ipLength, int flowHash, int ecn) {
        long second = words[header + 1];
        if (second == 0) { return false; }
        long fourth = words[header + 3];
        int totalLength = ipLength + TunnelTemplate.LENGTH - OUTER_IP;
        int wireLength = swap16(totalLength);
        int checksum = ~InternetChecksum.fold32(((int) fourth & HALF) + wireLength + (ecn << 8)) & HALF;
        Memory.putNativeI64(at, words[header]);
        Memory.putNativeI64(at + 8, second | (long) ecn << 56);
        Memory.putNativeI64(at + 16, words[header + 2] | wireLength);
        Memory.putNativeI64(at + 24, fourth & ~HALF | checksum);
        Memory.putNativeI64(at + 32, words[header + 4]
            | (long) swap16(SOURCE_PORT_BASE | flowHash & SOURCE_PORT_MASK) << 16
            | (long) swap16(totalLength - IP_LENGTH) << 48);
        Memory.putNativeI64(at + 40, words[header + 5]);
        Memory.putNativeI64(at + 48, words[header + 6]);
        Memory.putNativeI64(at + 56, words[header + 7]);
        return true;
    }

    private static int swap16(int value) {
        return Character.reverseBytes((char) value);
    }
}
