package io.weft.vmlab;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Builds Ethernet frames with the fragments of one IPv4 packet, byte by byte. */
final class Fragments {
    private static final int IP = 14;
    private static final int HEADERS = IP + 20;
    private static final int MORE = 0x2000;
    private static final int ICMP = 1;

    private Fragments() {}

    /** The whole packet in one frame of any length, with DF clear. */
    static byte[] whole(byte[] frame, int id) {
        return header(frame.clone(), id, 0);
    }

    /**
     * @param frame with an IPv4 header of 20 bytes
     * @param size payload bytes of each fragment except the last, a multiple of 8
     */
    static List<byte[]> split(byte[] frame, int id, int size) {
        List<byte[]> fragments = new ArrayList<>();
        for (int offset = 0; offset < frame.length - HEADERS; offset += size) {
            int payload = Math.min(size, frame.length - HEADERS - offset);
            byte[] fragment = Arrays.copyOf(frame, HEADERS + payload);
            System.arraycopy(frame, HEADERS + offset, fragment, HEADERS, payload);
            boolean more = offset + payload < frame.length - HEADERS;
            fragments.add(header(fragment, id, (more ? MORE : 0) | offset / 8));
        }
        return fragments;
    }

    private static byte[] header(byte[] frame, int id, int flagsAndOffset) {
        ByteBuffer.wrap(frame).putShort(IP + 2, (short) (frame.length - IP)).putShort(IP + 4, (short) id)
            .putShort(IP + 6, (short) flagsAndOffset);
        TestFrame.mendIpChecksum(frame, IP);
        return frame;
    }

    /** A frame with an ICMP echo request. */
    static byte[] echo(long toMac, long fromMac, InetAddress from, InetAddress to, int identifier, byte[] payload) {
        byte[] frame = TestFrame.build(TestFrame.UDP, toMac, fromMac, from, 1, to, 1, payload); // a UDP header has the length of an ICMP header
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        bytes.put(IP + 9, (byte) ICMP);
        bytes.putInt(HEADERS, 8 << 24).putShort(HEADERS + 4, (short) identifier).putShort(HEADERS + 6, (short) 1);
        long sum = 0;
        for (int at = HEADERS; at < frame.length; at++) {
            sum += (long) (frame[at] & 0xFF) << ((at - HEADERS & 1) == 0 ? 8 : 0);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        bytes.putShort(HEADERS + 2, (short) ~sum);
        return frame;
    }

    /** Whether a frame is an unfragmented echo reply from {@code from}, or the last fragment of one. */
    static boolean endsEchoReply(byte[] frame, InetAddress from, int length) {
        if (frame.length < HEADERS || frame[IP + 9] != ICMP) { return false; }
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        int flagsAndOffset = bytes.getShort(IP + 6) & 0x3FFF;
        int end = (flagsAndOffset & 0x1FFF) * 8 + (bytes.getShort(IP + 2) & 0xFFFF) - 20;
        return Arrays.equals(from.getAddress(), Arrays.copyOfRange(frame, IP + 12, IP + 16))
            && (flagsAndOffset & MORE) == 0 && end == length;
    }
}
