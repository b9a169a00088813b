package io.weft.encap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.memory.Memory;
import io.weft.encap.packet.ArpPacket;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.HeaderError;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.Ipv4Options;
import io.weft.encap.packet.L4Checksum;
import io.weft.encap.packet.Layer4;
import io.weft.encap.packet.QuotedPacket;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.packet.VlanTag;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.encap.tunnel.Tunnel;
import io.weft.encap.tunnel.TunnelTemplate;
import io.weft.encap.tunnel.VxlanHeader;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Reads truncated, mutated and random frames as a node does: validate, then every accessor. Each frame ends at an inaccessible page, so a
 * read past its end kills the JVM. The verdict must always be a known code.
 */
class HeaderFuzzTest {
    private static final int HEADROOM = 64;

    private final Frames frames = new Frames(3);
    private final Random random = new Random(20260101);
    /** Uses each value read, so that the JIT cannot remove the read. */
    private long sink;

    @AfterEach
    void free() {
        assertNotEquals(Long.MIN_VALUE, sink);
        frames.close();
    }

    private void ethernet(long at, int remaining) {
        if (isRefused(EthernetHeader.validate(remaining))) { return; }
        sink += EthernetHeader.destination(at) + EthernetHeader.source(at);
        afterType(EthernetHeader.type(at), at + 14, remaining - 14, 0);
    }

    private void afterType(int type, long at, int remaining, int tags) {
        if (VlanTag.isTag(type) && tags < 8) {
            if (!isRefused(VlanTag.validate(remaining))) {
                sink += VlanTag.id(at) + VlanTag.priority(at);
                afterType(VlanTag.type(at), at + 4, remaining - 4, tags + 1);
            }
        } else if (type == EthernetHeader.ETH_P_ARP) {
            arp(at, remaining);
        } else if (type == EthernetHeader.ETH_P_IP) {
            ip4(at, remaining);
        }
    }

    private void arp(long at, int remaining) {
        if (!isRefused(ArpPacket.validate(at, remaining))) {
            sink += ArpPacket.operation(at) + ArpPacket.senderMac(at) + ArpPacket.senderIp(at) + ArpPacket.targetMac(at)
                + ArpPacket.targetIp(at);
            ArpPacket.reply(at, 1);
        }
    }

    private void ip4(long at, int remaining) {
        int verdict = Ipv4Header.validate(at, remaining);
        if (verdict == HeaderError.IP4_BAD_CHECKSUM) {
            // The lengths were checked before the checksum. Go on in spite of a bad checksum, or mutations would never get further.
            Ipv4Header.writeChecksum(at);
            verdict = Ipv4Header.validate(at, remaining);
        }
        if (isRefused(verdict)) { return; }
        sink += Ipv4Options.validate(at, Ipv4Header.headerLength(at)) + Ipv4Header.addresses(at);
        if (Ipv4Header.isFragment(at)) {
            isRefused(Ipv4Header.validateFragment(at));
        }
        if (!Ipv4Header.isLaterFragment(at)) {
            layer4(at, at + Ipv4Header.headerLength(at), Ipv4Header.payloadLength(at), Ipv4Header.protocol(at));
        }
        answers(at);
    }

    private void layer4(long ipAt, long at, int length, int protocol) {
        if (isRefused(Layer4.validate(protocol, at, length))) { return; }
        sink += L4Checksum.classify(ipAt, at, length, protocol);
        switch (protocol) {
            case IpProtocol.IPPROTO_TCP ->
                sink += Layer4.ports(at) + TcpHeader.flags(at) + TcpHeader.window(at) + TcpHeader.checksum(at);
            case IpProtocol.IPPROTO_UDP -> udp(at, UdpHeader.length(at));
            case IpProtocol.IPPROTO_ICMP -> icmp(at, length);
            default -> sink += length;
        }
    }

    private void udp(long at, int length) {
        sink += Layer4.ports(at) + UdpHeader.checksum(at);
        int inner = length - UdpHeader.LENGTH;
        if (UdpHeader.destinationPort(at) == VxlanHeader.LINUX_PORT
            && !isRefused(Encapsulation.VXLAN.validate(at + 8, inner, 1))) {
            sink += VxlanHeader.vni(at + 8);
            ethernet(at + 16, inner - 8);
        }
    }

    private void icmp(long at, int length) {
        sink += Icmp4Header.identifier(at) + Icmp4Header.sequence(at) + Icmp4Header.checksum(at);
        if (!Icmp4Header.isError(Icmp4Header.type(at)) || isRefused(QuotedPacket.validate(at, length))) { return; }
        long quoted = QuotedPacket.ipAt(at);
        sink += Ipv4Header.addresses(quoted) + Layer4.ports(QuotedPacket.l4At(at));
        if (Ipv4Header.protocol(quoted) == IpProtocol.IPPROTO_ICMP) {
            QuotedPacket.rewriteEcho(at, random.nextLong(), random.nextInt(0x10000));
        } else {
            QuotedPacket.rewrite(at, length, random.nextLong(), random.nextInt());
        }
    }

    /** Writes what a router may send in answer to a packet. */
    private void answers(long at) {
        if (Icmp4Header.mayAnswerWithError(at)) {
            assertTrue(Icmp4Header.writeTimeExceeded(at, 1) <= 576);
        }
        boolean wholeTcp = Ipv4Header.protocol(at) == IpProtocol.IPPROTO_TCP && !Ipv4Header.isFragment(at);
        if (wholeTcp && TcpHeader.validate(at + Ipv4Header.headerLength(at), Ipv4Header.payloadLength(at)) == 0) {
            sink += TcpHeader.writeReset(at);
        }
    }

    private static boolean isRefused(int verdict) {
        assertTrue(verdict <= 0 && -verdict < HeaderError.COUNT, "verdict " + verdict);
        return verdict != HeaderError.NONE;
    }

    /** A VXLAN frame around a TCP packet, a SYN to a Service, an ICMP error with a quote, an ARP request, or a tagged UDP datagram. */
    private byte[] sample(int which) {
        long at = frames.at() + HEADROOM;
        EthernetHeader.write(at, 2, 1, EthernetHeader.ETH_P_IP);
        long ipAt = at + 14;
        return switch (which) {
            case 0 -> vxlan(at, 14 + Packets.write(random, ipAt, IpProtocol.IPPROTO_TCP, 30));
            case 1 -> Frames.read(at, 14 + Packets.write(random, ipAt, IpProtocol.IPPROTO_TCP, 0));
            case 2 -> icmpError(at);
            case 3 -> arpRequest(at);
            default -> tagged(at);
        };
    }

    private byte[] vxlan(long at, int innerLength) {
        long slot = frames.at() + 4096;
        TunnelTemplate.write(slot,
            new Tunnel(Encapsulation.VXLAN, 3, 4, 0x0A000001, 0x0A000002, VxlanHeader.LINUX_PORT, 1, 5, 6));
        TunnelTemplate.encap(slot, at + 14, innerLength - 14, 1, 0);
        return Frames.read(at - 50, 50 + innerLength);
    }

    private byte[] icmpError(long at) {
        long quoted = at + 14 + Icmp4Header.ERROR_HEADERS_LENGTH;
        Packets.write(random, quoted, IpProtocol.IPPROTO_TCP, 10);
        return Frames.read(at, 14 + Icmp4Header.writeUnreachable(quoted, 0x0A000001, 1));
    }

    private static byte[] arpRequest(long at) {
        EthernetHeader.setType(at, EthernetHeader.ETH_P_ARP);
        ArpPacket.writeRequest(at + 14, 1, 2, 3);
        return Frames.read(at, 42);
    }

    private byte[] tagged(long at) {
        EthernetHeader.setType(at, EthernetHeader.ETH_P_8021AD);
        VlanTag.write(at + 14, 5, 0, EthernetHeader.ETH_P_8021Q);
        VlanTag.write(at + 18, 6, 0, EthernetHeader.ETH_P_IP);
        return Frames.read(at, 22 + Packets.write(random, at + 22, IpProtocol.IPPROTO_UDP, 9));
    }

    private void run(byte[] frame, int length) {
        long at = frames.atEnd(length);
        Memory.copyIn(frame, 0, at, length);
        ethernet(at, length);
    }

    @Test
    void everyTruncation() {
        for (int which = 0; which < 5; which++) {
            byte[] frame = sample(which);
            for (int length = 0; length <= frame.length; length++) {
                run(frame, length);
            }
        }
    }

    /** Corrects the lengths of a truncated packet, so that it passes IP and the transport headers must detect it. */
    @Test
    void everyTruncationWithACorrectedTotalLength() {
        byte[] frame = sample(0);
        for (int length = 34; length < frame.length; length++) {
            frame[16] = (byte) (length - 14 >>> 8);
            frame[17] = (byte) (length - 14);
            run(frame, length);
        }
    }

    @Test
    void truncatedIpv4IsRefusedAtEveryLength() {
        byte[] frame = sample(1);
        for (int length = 0; length < frame.length - 14; length++) {
            long at = frames.atEnd(length);
            Memory.copyIn(frame, 14, at, length);
            assertNotEquals(HeaderError.NONE, Ipv4Header.validate(at, length));
        }
        long at = frames.atEnd(frame.length - 14);
        Memory.copyIn(frame, 14, at, frame.length - 14);
        assertEquals(HeaderError.NONE, Ipv4Header.validate(at, frame.length - 14));
    }

    @Test
    void mutatedFrames() {
        for (int i = 0; i < 200_000; i++) {
            byte[] frame = sample(i % 5);
            for (int n = random.nextInt(1, 5); n > 0; n--) {
                frame[random.nextInt(
                    frame.length)] = (byte) (random.nextBoolean() ? random.nextInt() : random.nextInt(8) * 0x11);
            }
            run(frame, random.nextInt(4) == 0 ? random.nextInt(frame.length + 1) : frame.length);
        }
    }

    @Test
    void randomBytesBehindEachKindOfHeader() {
        int[] types = {EthernetHeader.ETH_P_IP, EthernetHeader.ETH_P_ARP, EthernetHeader.ETH_P_8021Q, 0};
        for (int i = 0; i < 200_000; i++) {
            byte[] frame = new byte[random.nextInt(120)];
            random.nextBytes(frame);
            if (frame.length > 23) {
                frame[12] = (byte) (types[i % 4] >>> 8);
                frame[13] = (byte) types[i % 4];
                frame[14] = (byte) (0x40 | random.nextInt(4, 16));
                frame[16] = 0;
                frame[23] = (byte) new int[]{1, 6, 17, 47}[random.nextInt(4)];
            }
            run(frame, frame.length);
        }
    }
}
