package io.weft.controlplane.compiler;

import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import java.nio.ByteBuffer;

/** Frames as they arrive, and what is in those that leave; with checksum code of its own. */
final class Frames {
    static final int SYN = 2;
    static final int RST = 4;
    static final int ACK = 16;
    private static final int ETHERNET = 14;
    private static final int IP = 20;
    private static final int OUTER = 50;
    private static final int VXLAN_PORT = 8472;

    private Frames() {
    }

    /** What a frame carries; in a tunnel, the inner packet. */
    record Packet(int source, int destination, int protocol, int sourcePort, int destinationPort, int tcpFlags,
        int icmpType) {
        private static final int DESTINATION_UNREACHABLE = 3;

        boolean isRefusal() {
            return protocol == IpProtocol.IPPROTO_ICMP && icmpType == DESTINATION_UNREACHABLE
                || protocol == IpProtocol.IPPROTO_TCP && (tcpFlags & RST) != 0;
        }
    }

    static byte[] ipv4(int source, int destination, int protocol, int sourcePort, int destinationPort, int tcpFlags) {
        byte[] l4 = switch (protocol) {
            case IpProtocol.IPPROTO_TCP -> ByteBuffer.allocate(20).putShort((short) sourcePort)
                .putShort((short) destinationPort).putInt(1000).putInt((tcpFlags & ACK) != 0 ? 2000 : 0)
                .put((byte) 0x50).put((byte) tcpFlags).putShort((short) 0xFFFF).array();
            case IpProtocol.IPPROTO_UDP -> ByteBuffer.allocate(12).putShort((short) sourcePort)
                .putShort((short) destinationPort).putShort((short) 12).array();
            default -> ByteBuffer.allocate(16).putShort((short) sourcePort).putShort((short) destinationPort).array();
        };
        byte[] packet = ByteBuffer.allocate(IP + l4.length).put((byte) 0x45).put((byte) 0)
            .putShort((short) (IP + l4.length)).putInt(0x4000).put((byte) 64).put((byte) protocol).putShort((short) 0)
            .putInt(source).putInt(destination).put(l4).array();
        ByteBuffer.wrap(packet).putShort(10, (short) ~fold(sum(packet, 0, IP)));
        if (protocol == IpProtocol.IPPROTO_TCP || protocol == IpProtocol.IPPROTO_UDP) {
            int at = IP + (protocol == IpProtocol.IPPROTO_TCP ? 16 : 6);
            int pseudo = sum(packet, 12, IP) + protocol + l4.length;
            ByteBuffer.wrap(packet).putShort(at, (short) ~fold(pseudo + sum(packet, IP, packet.length)));
        }
        return packet;
    }

    static byte[] ethernet(long to, long from, byte[] packet) {
        return ByteBuffer.allocate(ETHERNET + packet.length).putShort((short) (to >>> 32)).putInt((int) to)
            .putShort((short) (from >>> 32)).putInt((int) from).putShort((short) 0x0800).put(packet).array();
    }

    /** An inner frame in VXLAN from one node to another, without outer Ethernet header. */
    static byte[] vxlan(int source, int destination, int vni, byte[] inner) {
        byte[] payload = ByteBuffer.allocate(8 + inner.length).putInt(0x0800_0000).putInt(vni << 8).put(inner).array();
        byte[] packet = ByteBuffer.allocate(IP + 8 + payload.length).put((byte) 0x45).put((byte) 0)
            .putShort((short) (IP + 8 + payload.length)).putInt(0x4000).put((byte) 64)
            .put((byte) IpProtocol.IPPROTO_UDP).putShort((short) 0).putInt(source).putInt(destination)
            .putShort((short) 49_152).putShort((short) VXLAN_PORT).putShort((short) (8 + payload.length))
            .putShort((short) 0).put(payload).array();
        ByteBuffer.wrap(packet).putShort(10, (short) ~fold(sum(packet, 0, IP)));
        return packet;
    }

    static Packet parse(byte[] frame) {
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        int at = ETHERNET;
        boolean isTunnel = bytes.get(at + 9) == IpProtocol.IPPROTO_UDP
            && bytes.getShort(at + IP + 2) == (short) VXLAN_PORT;
        at += isTunnel ? OUTER : 0;
        int protocol = bytes.get(at + 9) & 0xFF;
        boolean hasPorts = protocol != IpProtocol.IPPROTO_ICMP;
        return new Packet(bytes.getInt(at + 12), bytes.getInt(at + 16), protocol,
            hasPorts ? bytes.getShort(at + IP) & 0xFFFF : 0, hasPorts ? bytes.getShort(at + IP + 2) & 0xFFFF : 0,
            protocol == IpProtocol.IPPROTO_TCP ? bytes.get(at + IP + 13) : 0, hasPorts ? -1 : bytes.get(at + IP));
    }

    static String format(int address, int port) {
        return Ipv4Address.format(address) + ":" + port;
    }

    private static int sum(byte[] bytes, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i += 2) {
            sum += (bytes[i] & 0xFF) << 8 | bytes[i + 1] & 0xFF;
        }
        return sum;
    }

    private static int fold(int sum) {
        int folded = (sum & 0xFFFF) + (sum >>> 16);
        return (folded & 0xFFFF) + (folded >>> 16);
    }
}
