package io.weft.dataplane.graph;

import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** Builds frames for tests, byte by byte and with checksum code of its own, so that nothing is tested against itself. */
final class Packet {
    static final int ETHERNET = 14;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ICMP = 1;

    private long destinationMac;
    private long sourceMac;
    private int type = 0x0800;
    private int source;
    private int destination;
    private int protocol = UDP;
    private int ttl = 64;
    private int tos;
    private int id = 0x1234;
    private int fragment = 0x4000;
    private byte[] options = {};
    private byte[] l4 = {};
    private byte[] trailer = {};
    private Checksum checksum = Checksum.FULL;

    enum Checksum { FULL, PARTIAL, WRONG, NONE }

    static Packet of(String source, String destination) {
        Packet packet = new Packet();
        packet.source = Ipv4Address.of(source);
        packet.destination = Ipv4Address.of(destination);
        return packet;
    }

    Packet ethernet(long to, long from) {
        destinationMac = to;
        sourceMac = from;
        return this;
    }

    Packet ethernet(String to, String from) {
        return ethernet(MacAddress.of(to), MacAddress.of(from));
    }

    Packet type(int etherType) {
        type = etherType;
        return this;
    }

    Packet ttl(int value) {
        ttl = value;
        return this;
    }

    Packet tos(int value) {
        tos = value;
        return this;
    }

    Packet id(int value) {
        id = value;
        return this;
    }

    /** The 16 bits of flags and offset. */
    Packet fragment(int flagsAndOffset) {
        fragment = flagsAndOffset;
        return this;
    }

    Packet options(int... bytes) {
        options = bytes(bytes);
        return this;
    }

    Packet trailer(int length) {
        trailer = new byte[length];
        Arrays.fill(trailer, (byte) 0xEE);
        return this;
    }

    Packet checksum(Checksum kind) {
        checksum = kind;
        return this;
    }

    Packet protocol(int number, byte... payload) {
        protocol = number;
        l4 = payload;
        return this;
    }

    Packet udp(int sourcePort, int destinationPort, byte... payload) {
        protocol = UDP;
        l4 = ByteBuffer.allocate(8 + payload.length).putShort((short) sourcePort).putShort((short) destinationPort)
            .putShort((short) (8 + payload.length)).putShort((short) 0).put(payload).array();
        return this;
    }

    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int PSH = 8;
    static final int ACK = 16;

    Packet tcp(int sourcePort, int destinationPort, int flags, byte... payload) {
        return tcp(sourcePort, destinationPort, flags, 1000, 2000, payload);
    }

    Packet tcp(int sourcePort, int destinationPort, int flags, int sequence, int acknowledgement, byte... payload) {
        protocol = TCP;
        l4 = ByteBuffer.allocate(20 + payload.length).putShort((short) sourcePort).putShort((short) destinationPort)
            .putInt(sequence).putInt(acknowledgement).put((byte) 0x50).put((byte) flags).putShort((short) 0xFFFF)
            .putShort((short) 0).putShort((short) 0).put(payload).array();
        return this;
    }

    Packet icmp(int icmpType, int code, int rest, byte... payload) {
        protocol = ICMP;
        l4 = ByteBuffer.allocate(8 + payload.length).put((byte) icmpType).put((byte) code).putShort((short) 0)
            .putInt(rest)
            .put(payload).array();
        return this;
    }

    Packet echo(int identifier, int sequence, byte... payload) {
        return icmp(8, 0, identifier << 16 | sequence, payload);
    }

    Packet echoReply(int identifier, int sequence, byte... payload) {
        return icmp(0, 0, identifier << 16 | sequence, payload);
    }

    /** The IPv4 packet alone. */
    byte[] ip() {
        int headerLength = 20 + options.length;
        byte[] packet = ByteBuffer.allocate(headerLength + l4.length)
            .put((byte) (0x40 | headerLength / 4)).put((byte) tos).putShort((short) (headerLength + l4.length))
            .putShort((short) id).putShort((short) fragment).put((byte) ttl).put((byte) protocol).putShort((short) 0)
            .putInt(source).putInt(destination).put(options).put(l4).array();
        setShort(packet, 10, ~fold(sum(packet, 0, headerLength)));
        fillL4Checksum(packet, headerLength);
        return packet;
    }

    byte[] frame() {
        byte[] ip = ip();
        return ByteBuffer.allocate(ETHERNET + ip.length + trailer.length).put(mac(destinationMac)).put(mac(sourceMac))
            .putShort((short) type).put(ip).put(trailer).array();
    }

    private void fillL4Checksum(byte[] packet, int at) {
        int field = switch (protocol) {
            case TCP -> at + 16;
            case UDP -> at + 6;
            case ICMP -> at + 2;
            default -> -1;
        };
        if (field < 0 || field + 2 > packet.length || checksum == Checksum.NONE) { return; }
        int pseudo = protocol == ICMP ? 0 : fold(pseudo(packet, at));
        if (checksum == Checksum.PARTIAL && protocol != ICMP) {
            setShort(packet, field, pseudo);
            return;
        }
        int value = ~fold(pseudo + sum(packet, at, packet.length - at)) & 0xFFFF;
        if (checksum == Checksum.WRONG) {
            value = value ^ 0x1551;
        }
        setShort(packet, field, value == 0 && protocol == UDP ? 0xFFFF : value);
    }

    // -- reading, by the same independent code -------------------------------------------------------------------------

    static long pseudo(byte[] ip, int at) {
        return sum(ip, 12, 8) + (ip[9] & 0xFF) + (ip.length - at);
    }

    static long sum(byte[] bytes, int from, int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (long) (bytes[from + i] & 0xFF) << ((i & 1) == 0 ? 8 : 0);
        }
        return sum;
    }

    static int fold(long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xFFFF) + (folded >>> 16);
        }
        return (int) folded;
    }

    static void setShort(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >>> 8);
        bytes[at + 1] = (byte) value;
    }

    static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) << 8 | bytes[at + 1] & 0xFF;
    }

    static byte[] mac(long mac) {
        return Arrays.copyOfRange(ByteBuffer.allocate(8).putLong(mac).array(), 2, 8);
    }

    static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    static byte[] payload(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    /** Wraps an inner frame for the tunnel. */
    static Packet vxlan(String from, String to, int vni, byte[] inner) {
        byte[] payload = ByteBuffer.allocate(8 + inner.length).putInt(0x0800_0000).putInt(vni << 8).put(inner).array();
        return of(from, to).udp(50_000, 8472, payload).checksum(Checksum.NONE);
    }

    /** One line for comparison: addresses, TTL, protocol, ports and what the checksums say. */
    static String describe(byte[] frame) {
        StringBuilder text = new StringBuilder();
        text.append(MacAddress.format(macAt(frame, 0))).append('<').append(MacAddress.format(macAt(frame, 6)))
            .append(' ');
        if (u16(frame, 12) != 0x0800) {
            return text.append("type ").append(Integer.toHexString(u16(frame, 12))).toString();
        }
        return text.append(describeIp(Arrays.copyOfRange(frame, ETHERNET, frame.length))).toString();
    }

    static String describeIp(byte[] packet) {
        int headerLength = (packet[0] & 0xF) * 4;
        int total = u16(packet, 2);
        if (total > packet.length) { return "cut"; }
        byte[] ip = Arrays.copyOf(packet, total);
        StringBuilder text = new StringBuilder();
        text.append(address(ip, 12)).append('>').append(address(ip, 16)).append(" ttl ").append(ip[8] & 0xFF);
        if (fold(sum(ip, 0, headerLength)) != 0xFFFF) {
            text.append(" BAD-IP-CHECKSUM");
        }
        if (total != packet.length) {
            text.append(" +").append(packet.length - total);
        }
        if ((u16(ip, 6) & 0x3FFF) != 0) {
            return text.append(" fragment ").append((u16(ip, 6) & 0x1FFF) * 8).append(" len ").append(total).toString();
        }
        return text.append(' ').append(describeL4(ip, headerLength)).toString();
    }

    private static String describeL4(byte[] ip, int at) {
        return switch (ip[9]) {
            case TCP ->
                "tcp " + u16(ip, at) + ">" + u16(ip, at + 2) + " " + flags(ip[at + 13]) + " len " + ip.length + " "
                    + l4Checksum(ip, at, at + 16);
            case UDP -> "udp " + u16(ip, at) + ">" + u16(ip, at + 2) + " len " + ip.length + " "
                + l4Checksum(ip, at, at + 6);
            case ICMP -> "icmp " + (ip[at] & 0xFF) + "/" + (ip[at + 1] & 0xFF) + icmpRest(ip, at) + " len " + ip.length
                + (fold(sum(ip, at, ip.length - at)) == 0xFFFF ? " full" : " WRONG");
            default -> "proto " + (ip[9] & 0xFF) + " len " + ip.length;
        };
    }

    private static String icmpRest(byte[] ip, int at) {
        return ip[at] == 0 || ip[at] == 8 ? " id " + u16(ip, at + 4) : " rest " + u16(ip, at + 6);
    }

    private static String l4Checksum(byte[] ip, int at, int field) {
        int value = u16(ip, field);
        if (value == 0 && ip[9] == UDP) { return "none"; }
        if (fold(pseudo(ip, at) + sum(ip, at, ip.length - at)) == 0xFFFF) { return "full"; }
        return value == fold(pseudo(ip, at)) ? "partial" : "WRONG";
    }

    private static String flags(int flags) {
        String text = "";
        String[] names = {"F", "S", "R", "P", "A", "U", "E", "C"};
        for (int i = 0; i < 8; i++) {
            text += (flags >>> i & 1) != 0 ? names[i] : "";
        }
        return text;
    }

    private static String address(byte[] bytes, int at) {
        return Ipv4Address.format(u16(bytes, at) << 16 | u16(bytes, at + 2));
    }

    private static long macAt(byte[] frame, int at) {
        return ByteBuffer.wrap(frame).getLong(at) >>> 16;
    }
}
