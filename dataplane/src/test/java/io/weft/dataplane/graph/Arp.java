package io.weft.dataplane.graph;

import io.weft.encap.address.Ipv4Address;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/** ARP frames for tests. */
final class Arp {
    private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

    private Arp() {
    }

    static byte[] request(long senderMac, String sender, String target) {
        return frame(BROADCAST, senderMac, 1, senderMac, sender, 0, target);
    }

    static byte[] reply(long senderMac, String sender, long targetMac, String target) {
        return frame(targetMac, senderMac, 2, senderMac, sender, targetMac, target);
    }

    static byte[] frame(long to, long from, int operation, long senderMac, String sender, long targetMac,
        String target) {
        return ByteBuffer.allocate(42).put(Packet.mac(to)).put(Packet.mac(from)).putShort((short) 0x0806)
            .putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4).putShort((short) operation)
            .put(Packet.mac(senderMac)).putInt(Ipv4Address.of(sender))
            .put(Packet.mac(targetMac)).putInt(Ipv4Address.of(target)).array();
    }

    static String text(byte[] frame) {
        return HexFormat.of().formatHex(frame);
    }
}
