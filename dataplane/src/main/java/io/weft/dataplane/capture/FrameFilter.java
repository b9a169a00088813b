package io.weft.dataplane.capture;

import io.weft.dataplane.table.Overlay;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import java.util.Properties;

/**
 * Which frames a capture or trace contains. A condition on addresses, protocol or L4 port holds if it holds for the packet or for the one inside its
 * tunnel; all that are given must hold for the same one. Later fragments match by address and protocol only if no L4 port is asked for.
 *
 * <p>Thread: one worker; immutable. Allocation: none after construction. Reads no further than the frame's first segment.
 */
public final class FrameFilter {
    /** {@link Spec} values for no condition. */
    public static final int ANY = -1;

    /**
     * @param podPort id of a port, or {@link #ANY}: frames of this port, or with {@code podAddress} at either end
     * @param podAddress numeric; ignored without {@code podPort}
     * @param port id of the port that receives or sends the frame, or {@link #ANY}
     * @param address at either end, numeric, 0 for any
     * @param l4Port at either end, or {@link #ANY}
     * @param protocol or {@link #ANY}
     */
    public record Spec(int podPort, int podAddress, int port, int address, int l4Port, int protocol) {
        public static final Spec ALL = new Spec(ANY, 0, ANY, 0, ANY, ANY);

        /** Lines of a request. */
        public String text() {
            return "podPort=" + podPort + "\npodAddress=" + podAddress + "\nport=" + port + "\naddress=" + address
                + "\nl4Port=" + l4Port + "\nprotocol=" + protocol + "\n";
        }

        /** @throws NumberFormatException if a value is missing or wrong */
        public static Spec of(Properties values) {
            return new Spec(number(values, "podPort"), number(values, "podAddress"), number(values, "port"),
                number(values, "address"), number(values, "l4Port"), number(values, "protocol"));
        }

        private static int number(Properties values, String key) {
            return Integer.parseInt(values.getProperty(key));
        }
    }

    private static final int PORTS_LENGTH = 4;
    private static final int NO_TUNNEL = -1;

    private final Spec spec;
    private final boolean anyPacket;
    private final int tunnelPort;
    private final int tunnelHeaders;

    /** @param overlay says which frames carry another one; null if none do */
    public FrameFilter(Spec spec, Overlay overlay) {
        this.spec = spec;
        anyPacket = spec.address() == 0 && spec.l4Port() == ANY && spec.protocol() == ANY;
        boolean tunnel = overlay != null && overlay.encapsulation().hasUdp()
            && overlay.encapsulation().hasInnerEthernet();
        tunnelPort = tunnel ? overlay.port() : NO_TUNNEL;
        tunnelHeaders = tunnel ? UdpHeader.LENGTH + overlay.encapsulation().ownHeaderLength() : 0;
    }

    /**
     * @param port id of the port that the frame passes
     * @param bytes of the frame from {@code at} on that are contiguous
     */
    public boolean matches(int port, long at, int bytes) {
        if (spec.port() != ANY && spec.port() != port) { return false; }
        boolean ofPodPort = spec.podPort() == ANY || spec.podPort() == port;
        if (ofPodPort && anyPacket) { return true; }
        if (matchesPacket(at, bytes, ofPodPort)) { return true; }
        int inner = innerFrame(at, bytes);
        return inner > 0 && matchesPacket(at + inner, bytes - inner, ofPodPort);
    }

    private static boolean isIp4(long at, int bytes) {
        return bytes >= EthernetHeader.LENGTH + Ipv4Header.LENGTH && EthernetHeader.type(at) == EthernetHeader.ETH_P_IP;
    }

    private boolean matchesPacket(long at, int bytes, boolean ofPodPort) {
        if (!isIp4(at, bytes)) { return false; }
        long ip = at + EthernetHeader.LENGTH;
        int source = Ipv4Header.source(ip);
        int destination = Ipv4Header.destination(ip);
        return (ofPodPort || source == spec.podAddress() || destination == spec.podAddress())
            && (spec.address() == 0 || source == spec.address() || destination == spec.address())
            && (spec.protocol() == ANY || Ipv4Header.protocol(ip) == spec.protocol())
            && (spec.l4Port() == ANY || hasL4Port(ip, bytes - EthernetHeader.LENGTH));
    }

    private boolean hasL4Port(long ip, int bytes) {
        int protocol = Ipv4Header.protocol(ip);
        int header = Ipv4Header.headerLength(ip);
        if (protocol != IpProtocol.IPPROTO_TCP && protocol != IpProtocol.IPPROTO_UDP || Ipv4Header.isLaterFragment(ip)
            || bytes < header + PORTS_LENGTH) {
            return false;
        }
        return Memory.u16(ip + header) == spec.l4Port() || Memory.u16(ip + header + 2) == spec.l4Port();
    }

    /** Offset of the frame in a tunnel, or 0. */
    private int innerFrame(long at, int bytes) {
        if (tunnelPort == NO_TUNNEL || !isIp4(at, bytes)) { return 0; }
        long ip = at + EthernetHeader.LENGTH;
        int udp = EthernetHeader.LENGTH + Ipv4Header.headerLength(ip);
        return Ipv4Header.protocol(ip) == IpProtocol.IPPROTO_UDP && !Ipv4Header.isFragment(ip)
            && bytes >= udp + tunnelHeaders && UdpHeader.destinationPort(at + udp) == tunnelPort ? udp + tunnelHeaders
                : 0;
    }
}
