package io.weft.dataplane.graph;

import io.weft.dataplane.port.MemoryPort;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Cuts IPv4 packets into fragments, and puts fragments together again: for tests, with no code of what they test. */
final class Datagram {
    private static final int TUNNEL = 50;
    private static final int MF = 0x2000;

    private Datagram() {
    }

    /**
     * Fragments of a packet without options.
     *
     * @param size of a fragment's payload, a multiple of 8
     */
    static List<byte[]> split(byte[] ip, int size) {
        List<byte[]> fragments = new ArrayList<>();
        for (int offset = 0; offset < ip.length - 20; offset += size) {
            int payload = Math.min(size, ip.length - 20 - offset);
            byte[] fragment = Arrays.copyOf(ip, 20 + payload);
            System.arraycopy(ip, 20 + offset, fragment, 20, payload);
            boolean more = offset + payload < ip.length - 20;
            header(fragment, (more ? MF : 0) | offset / 8);
            fragments.add(fragment);
        }
        return fragments;
    }

    private static void header(byte[] ip, int flagsAndOffset) {
        Packet.setShort(ip, 2, ip.length);
        Packet.setShort(ip, 6, flagsAndOffset);
        Packet.setShort(ip, 10, 0);
        Packet.setShort(ip, 10, ~Packet.fold(Packet.sum(ip, 0, (ip[0] & 0xF) * 4)));
    }

    /** The IPv4 packet of a sent frame. */
    static byte[] ip(byte[] frame) {
        boolean tunnel = frame[23] == Packet.UDP && Packet.u16(frame, 36) == 8472
            && (Packet.u16(frame, 20) & 0x3FFF) == 0;
        int at = 14 + (tunnel ? TUNNEL : 0);
        return Arrays.copyOfRange(frame, at, frame.length);
    }

    /** The whole packet that fragments make, in any order, without options and flags; a text when something is missing or wrong. */
    static String describe(List<MemoryPort.SentFrame> frames) {
        byte[] whole = whole(frames);
        return whole == null ? "incomplete of " + frames.size() : Packet.describeIp(whole);
    }

    /** @return null unless they are fragments of one packet without gap and with its end, every header right */
    static byte[] whole(List<MemoryPort.SentFrame> frames) {
        byte[] payload = new byte[65_535];
        BitSet there = new BitSet();
        byte[] header = null;
        int end = -1;
        for (MemoryPort.SentFrame frame : frames) {
            byte[] ip = ip(frame.bytes());
            int headerLength = (ip[0] & 0xF) * 4;
            int total = Packet.u16(ip, 2);
            int offset = (Packet.u16(ip, 6) & 0x1FFF) * 8;
            boolean sound = total == ip.length && Packet.fold(Packet.sum(ip, 0, headerLength)) == 0xFFFF;
            if (!sound || header != null && !isSameDatagram(header, ip)) { return null; }
            header = offset == 0 || header == null ? Arrays.copyOf(ip, 20) : header;
            System.arraycopy(ip, headerLength, payload, offset, total - headerLength);
            there.set(offset, offset + total - headerLength);
            end = (Packet.u16(ip, 6) & MF) == 0 ? offset + total - headerLength : end;
        }
        if (end < 0 || there.nextClearBit(0) != end) { return null; }
        byte[] ip = Arrays.copyOf(header, 20 + end);
        System.arraycopy(payload, 0, ip, 20, end);
        ip[0] = 0x45;
        header(ip, 0);
        return ip;
    }

    private static boolean isSameDatagram(byte[] a, byte[] b) {
        return Arrays.equals(a, 12, 20, b, 12, 20) && Arrays.equals(a, 4, 6, b, 4, 6) && a[9] == b[9];
    }
}
