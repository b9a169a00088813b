package io.weft.encap;

import io.weft.encap.memory.Memory;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import java.util.random.RandomGenerator;

/** Builds random valid packets, and verifies checksums with a second, byte-wise implementation. */
public final class Packets {
    private Packets() {
    }

    /** Writes an IPv4 packet with a TCP, UDP or ICMP echo payload, full checksums. @return its total length */
    public static int write(RandomGenerator random, long ipAt, int protocol, int dataLength) {
        int l4HeaderLength = protocol == IpProtocol.IPPROTO_TCP ? TcpHeader.LENGTH : UdpHeader.LENGTH;
        int l4Length = l4HeaderLength + dataLength;
        int totalLength = Ipv4Header.LENGTH + l4Length;
        Ipv4Header.write(ipAt, random.nextInt(256), totalLength, protocol, host(random), host(random));
        long at = ipAt + Ipv4Header.LENGTH;
        for (int i = 0; i < dataLength; i++) {
            Memory.putU8(at + l4HeaderLength + i, random.nextInt(256));
        }
        switch (protocol) {
            case IpProtocol.IPPROTO_TCP -> {
                TcpHeader.write(at, port(random), port(random), random.nextInt(), random.nextInt(), TcpHeader.ACK,
                    1000);
                TcpHeader.setChecksum(at, l4Checksum(ipAt));
            }
            case IpProtocol.IPPROTO_UDP -> {
                UdpHeader.write(at, port(random), port(random), l4Length);
                int checksum = l4Checksum(ipAt);
                UdpHeader.setChecksum(at, checksum == 0 ? 0xFFFF : checksum);
            }
            default -> {
                Memory.putI32(at, Icmp4Header.ICMP_ECHO << 24);
                Memory.putI32(at + 4, random.nextInt());
                Icmp4Header.setChecksum(at, ~sum(at, l4Length, 0) & 0xFFFF);
            }
        }
        return totalLength;
    }

    public static int host(RandomGenerator random) {
        return random.nextInt(1, 127) << 24 | random.nextInt(1 << 24);
    }

    public static int port(RandomGenerator random) {
        return random.nextInt(1, 0x10000);
    }

    /** Ones' complement sum, one byte after the other. */
    public static int sum(long at, int length, int start) {
        int sum = start;
        for (int i = 0; i < length; i++) {
            sum += (i & 1) == 0 ? Memory.u8(at + i) << 8 : Memory.u8(at + i);
            sum = sum > 0xFFFF ? sum - 0xFFFF : sum;
        }
        return sum;
    }

    public static int pseudoHeaderSum(long ipAt) {
        int l4Length = Ipv4Header.payloadLength(ipAt);
        int sum = sum(ipAt + 12, 8, 0) + Ipv4Header.protocol(ipAt) + l4Length;
        return sum > 0xFFFF ? sum - 0xFFFF : sum;
    }

    /** Complement of the sum over pseudo-header and message: 0 if the checksum in place is right. */
    public static int l4Checksum(long ipAt) {
        int start = pseudoHeaderSum(ipAt);
        return ~sum(ipAt + Ipv4Header.headerLength(ipAt), Ipv4Header.payloadLength(ipAt), start) & 0xFFFF;
    }

    public static boolean ipChecksumIsRight(long ipAt) {
        return sum(ipAt, Ipv4Header.headerLength(ipAt), 0) == 0xFFFF;
    }
}
