package io.weft.vmlab;

import java.net.InetAddress;
import java.nio.ByteBuffer;

/** Builds Ethernet + IPv4 + UDP or TCP frames byte by byte, and checks their checksums by plain arithmetic. */
public final class TestFrame {
    public static final int TCP = 6;
    public static final int UDP = 17;
    private static final int ETHERNET = 14;
    private static final int L4 = ETHERNET + 20;
    private static final int UDP_HEADER = 8;
    private static final int TCP_HEADER = 20;
    private static final int TCP_SYN = 0x02;

    private TestFrame() {}

    /** A frame with correct checksums. */
    public static byte[] build(int protocol, long toMac, long fromMac, InetAddress from, int fromPort, InetAddress to,
        int toPort, byte[] payload) {
        int l4Length = (protocol == UDP ? UDP_HEADER : TCP_HEADER) + payload.length;
        ByteBuffer frame = ByteBuffer.allocate(L4 + l4Length);
        putMac(frame, toMac);
        putMac(frame, fromMac);
        frame.putShort((short) 0x0800);
        frame.put((byte) 0x45).put((byte) 0).putShort((short) (20 + l4Length)).putInt(0x4000);
        frame.put((byte) 64).put((byte) protocol).putShort((short) 0).put(from.getAddress()).put(to.getAddress());
        frame.putShort(24, (short) ~fold(sum(frame, ETHERNET, 20)));
        frame.putShort((short) fromPort).putShort((short) toPort);
        if (protocol == UDP) {
            frame.putShort((short) l4Length).putShort((short) 0);
        } else {
            frame.putInt(1).putInt(0).put((byte) (TCP_HEADER / 4 << 4)).put((byte) TCP_SYN).putShort((short) 8192)
                .putInt(0);
        }
        frame.put(payload);
        setChecksum(frame.array(), ~fold(l4Sum(frame)));
        return frame.array();
    }

    /** Writes the correct checksum into the 20-byte IPv4 header at {@code ip}. */
    public static void mendIpChecksum(byte[] frame, int ip) {
        ByteBuffer bytes = ByteBuffer.wrap(frame).putShort(ip + 10, (short) 0);
        bytes.putShort(ip + 10, (short) ~fold(sum(bytes, ip, 20)));
    }

    private static void putMac(ByteBuffer frame, long mac) {
        frame.putShort((short) (mac >> 32)).putInt((int) mac);
    }

    public static int checksum(byte[] frame) {
        return ByteBuffer.wrap(frame).getShort(checksumOffset(frame)) & 0xFFFF;
    }

    public static void setChecksum(byte[] frame, int checksum) {
        ByteBuffer.wrap(frame).putShort(checksumOffset(frame), (short) checksum);
    }

    /** Whether the TCP or UDP checksum in the bytes is correct. */
    public static boolean checksumIsRight(byte[] frame) {
        return fold(l4Sum(ByteBuffer.wrap(frame))) == 0xFFFF;
    }

    /** The error of the checksum, which a correct translation leaves unchanged. */
    public static int checksumError(byte[] frame) {
        return fold(l4Sum(ByteBuffer.wrap(frame)));
    }

    /** Whether the frame's last bytes are {@code payload}, which identifies the frames of a test. */
    public static boolean carries(byte[] frame, byte[] payload) {
        return frame.length >= L4 + payload.length
            && java.util.Arrays.equals(frame, frame.length - payload.length, frame.length, payload, 0, payload.length);
    }

    private static int checksumOffset(byte[] frame) {
        return L4 + (frame[23] == UDP ? 6 : 16);
    }

    private static long l4Sum(ByteBuffer frame) {
        int l4Length = (frame.getShort(16) & 0xFFFF) - 20;
        return sum(frame, 26, 8) + frame.get(23) + l4Length + sum(frame, L4, l4Length);
    }

    private static long sum(ByteBuffer bytes, int at, int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            int value = bytes.get(at + i) & 0xFF;
            sum += (i & 1) == 0 ? value << 8 : value;
        }
        return sum;
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded > 0xFFFF) {
            folded = (folded & 0xFFFF) + (folded >> 16);
        }
        return (int) folded;
    }
}
