package io.weft.dataplane.explain;

import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.encap.address.IpAddress;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Icmp4Header;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.L4Checksum;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.encap.tunnel.Tunnel;
import io.weft.nativebindings.linux.MappedMemory;
import java.util.Optional;

/**
 * A packet that is described on the command line, as the frame in which it would arrive: with the Ethernet addresses that the node expects
 * on the port, and with the headers of a tunnel if it comes through one.
 */
final class ExplainedPacket {
    private static final int LINK_AND_TUNNEL = Encapsulation.MAX_LENGTH;
    private static final int FLAGS_OFFSET = 6;
    private static final int TTL_OFFSET = 8;
    /** Locally administered, unicast: a neighbour on the underlay of which nothing more is known. */
    private static final long SOME_MAC = 0x0200_00FE_0001L;

    private final NodeImage image;
    private final ExplainArguments arguments;
    private final LocalNode local;

    ExplainedPacket(NodeImage image, ExplainArguments arguments) {
        this.image = image;
        this.arguments = arguments;
        local = image.state().tables().local();
    }

    /**
     * The port that the arguments name, or else the one from which the source's packets come.
     *
     * @throws IllegalArgumentException if there is no such port, or the arguments name none and there is no packet to tell by
     */
    int portId() {
        if (!arguments.pod.isEmpty()) {
            return image.names().pod(arguments.pod).map(PortSpec::id).orElseThrow(() -> new IllegalArgumentException(
                "--from pod " + arguments.pod
                    + ": no pod of this node has this name or address; weft show ports lists them"));
        }
        if (!arguments.port.isEmpty()) { return namedPort(); }
        if (arguments.isCaptured()) {
            throw new IllegalArgumentException(
                "--pcap needs --in PORT or --from pod NAME: where does the frame arrive?");
        }
        if (tunnelPeer().isPresent()) { return PortId.UPLINK; }
        Optional<PortSpec> pod = image.names().pod(arguments.source.toString());
        if (pod.isPresent()) { return pod.get().id(); }
        int source = arguments.source.toInt();
        return image.state().localAddresses().contains(source) || source == local.address().toInt() ? PortId.HOST
            : PortId.UPLINK;
    }

    private int namedPort() {
        return image.names().portId(arguments.port).orElseThrow(() -> new IllegalArgumentException(
            "--in " + arguments.port + ": no open port has this device or number; weft show ports lists them"));
    }

    /** The frame, from its Ethernet header on. */
    byte[] frame(int portId) {
        try (MappedMemory memory = MappedMemory.anonymous(LINK_AND_TUNNEL + Ipv4Header.MAX_TOTAL_LENGTH, false)) {
            long ip = memory.address() + LINK_AND_TUNNEL;
            int length = writePacket(ip);
            Optional<PeerSpec> peer = portId == PortId.UPLINK ? tunnelPeer() : Optional.empty();
            int headers = peer.isPresent() ? encapsulate(ip, length, peer.get()) : ethernet(ip, portId);
            byte[] frame = new byte[headers + length];
            Memory.copyOut(ip - headers, frame, 0, frame.length);
            return frame;
        }
    }

    private int ethernet(long ip, int portId) {
        ForwardingState state = image.state();
        long source = state.ports().peerMac(portId);
        EthernetHeader.write(ip - EthernetHeader.LENGTH, state.ports().localMac(portId),
            source == 0 ? SOME_MAC : source,
            EthernetHeader.ETH_P_IP);
        return EthernetHeader.LENGTH;
    }

    private int encapsulate(long ip, int length, PeerSpec peer) {
        Tunnel tunnel = new Tunnel(local.overlay().encapsulation(), image.state().ports().localMac(PortId.UPLINK),
            SOME_MAC,
            peer.vtepIp().toInt(), local.address().toInt(), local.overlay().port(), local.overlay().id(),
            local.vtepMac(),
            peer.vtepMac());
        Encapsulation.encap(ip, length, 0, tunnel);
        return local.overlay().encapsulation().length();
    }

    /** The peer that is named, or the one whose pods, addresses or endpoint the source belongs to. */
    private Optional<PeerSpec> tunnelPeer() {
        if (!arguments.tunnelFrom.isEmpty()) {
            return Optional.of(image.names().peers().stream()
                .filter(peer -> peer.nodeName().equals(arguments.tunnelFrom)
                    || peer.vtepIp().toString().equals(arguments.tunnelFrom))
                .findFirst().orElseThrow(() -> new IllegalArgumentException("--tunnel-from " + arguments.tunnelFrom
                    + ": no other node has this name or tunnel endpoint; weft show tunnels lists them")));
        }
        IpAddress source = arguments.source;
        return arguments.port.isEmpty() && arguments.pod.isEmpty()
            ? image.names().peers().stream().filter(peer -> peer.podCidr().contains(source)).findFirst()
            : Optional.empty();
    }

    private int writePacket(long ip) {
        int l4 = l4Length();
        int length = Ipv4Header.LENGTH + l4 + arguments.payload;
        Ipv4Header.write(ip, 0, length, arguments.protocol, arguments.source.toInt(), arguments.destination.toInt());
        if (!arguments.dontFragment) {
            Memory.putU16(ip + FLAGS_OFFSET, 0);
        }
        Memory.putU8(ip + TTL_OFFSET, arguments.ttl);
        Ipv4Header.writeChecksum(ip);
        writeL4(ip + Ipv4Header.LENGTH, ip, l4 + arguments.payload);
        return length;
    }

    private int l4Length() {
        return switch (arguments.protocol) {
            case IpProtocol.IPPROTO_TCP -> TcpHeader.LENGTH;
            case IpProtocol.IPPROTO_UDP -> UdpHeader.LENGTH;
            case IpProtocol.IPPROTO_ICMP -> Icmp4Header.LENGTH;
            default -> 0;
        };
    }

    private void writeL4(long at, long ip, int length) {
        switch (arguments.protocol) {
            case IpProtocol.IPPROTO_TCP -> {
                TcpHeader.write(at, arguments.sourcePort, arguments.destinationPort, 1, 1, arguments.tcpFlags, 0xFFFF);
                complete(at, ip, length);
            }
            case IpProtocol.IPPROTO_UDP -> {
                UdpHeader.write(at, arguments.sourcePort, arguments.destinationPort, length);
                complete(at, ip, length);
            }
            case IpProtocol.IPPROTO_ICMP -> {
                Memory.putU8(at, arguments.icmpType);
                Memory.putU8(at + 1, arguments.icmpCode);
                Icmp4Header.setIdentifier(at, arguments.icmpId);
                Icmp4Header.setChecksum(at, 0);
                Icmp4Header.setChecksum(at, InternetChecksum.of(at, length));
            }
            default -> {
                // a payload of zeros
            }
        }
    }

    private void complete(long at, long ip, int length) {
        Memory.putU16(at + L4Checksum.fieldOffset(arguments.protocol), 0);
        int checksum = InternetChecksum.l4(ip, at, length);
        Memory.putU16(at + L4Checksum.fieldOffset(arguments.protocol),
            arguments.protocol == IpProtocol.IPPROTO_UDP ? InternetChecksum.udpValue(checksum)
                : checksum);
    }
}
