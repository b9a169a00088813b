package io.weft.nativebindings.xdp;

import java.net.DatagramPacket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A UDP datagram from 192.0.2.1 to 192.0.2.2:4242 whose checksum field holds only the sum of the pseudo-header. */
final class UdpFrame {
    private static final int SOURCE = 0xC0000201;
    private static final int DESTINATION = 0xC0000202;

    private UdpFrame() {}

    static byte[] partial(long destinationMac, String text) {
        byte[] payload = text.getBytes(StandardCharsets.US_ASCII);
        int udpLength = 8 + payload.length;
        ByteBuffer frame = ByteBuffer.allocate(14 + 20 + udpLength);
        frame.putShort((short) (destinationMac >>> 32)).putInt((int) destinationMac);
        frame.put(new byte[]{2, 0, 0, 0, 0, 1}).putShort((short) 0x0800);
        frame.putShort((short) 0x4500).putShort((short) (20 + udpLength)).putInt(0).put((byte) 64).put((byte) 17);
        frame.putShort((short) 0).putInt(SOURCE).putInt(DESTINATION);
        frame.putShort((short) 1000).putShort((short) 4242).putShort((short) udpLength);
        frame.putShort((short) fold(words(SOURCE) + words(DESTINATION) + 17 + udpLength)).put(payload);
        frame.putShort(24, (short) ~headerSum(frame));
        return frame.array();
    }

    static String text(DatagramPacket packet) {
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
    }

    private static int headerSum(ByteBuffer frame) {
        int sum = 0;
        for (int at = 14; at < 34; at += 2) {
            sum += Short.toUnsignedInt(frame.getShort(at));
        }
        return fold(sum);
    }

    private static int words(int value) {
        return (value >>> 16) + (value & 0xffff);
    }

    private static int fold(int sum) {
        int once = (sum >>> 16) + (sum & 0xffff);
        return (once >>> 16) + (once & 0xffff);
    }
}
