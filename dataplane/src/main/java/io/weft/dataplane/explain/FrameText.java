package io.weft.dataplane.explain;

import io.weft.dataplane.table.Overlay;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.UdpHeader;
import java.nio.ByteBuffer;
import java.util.Locale;

/** One line about a frame: {@code udp 10.244.1.5:4000 > 10.96.0.10:53 ttl 64 length 28}. Reads no further than the frame. Cold code. */
public final class FrameText {
    private static final String[] TCP_FLAGS = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
    private static final int IP4_MIN = 20;
    private static final int FRAGMENT_BITS = 0x3FFF;
    private static final int OFFSET_BITS = 0x1FFF;

    private static final int NO_PORT = -1;

    private final Overlay overlay;
    private final EndpointNames names;

    /** What an address stands for. */
    @FunctionalInterface
    interface EndpointNames {
        /**
         * @param protocol of IPv4
         * @param port TCP's or UDP's, or {@link #NO_PORT}
         * @return empty if it has no name
         */
        String name(int address, int protocol, int port);
    }

    public FrameText(Overlay overlay) {
        this(overlay, (address, protocol, port) -> "");
    }

    /** With names where they are known: {@code udp 10.244.1.5:4000 default/web-0 > 10.96.0.10:53 kube-system/kube-dns:dns ttl …}. */
    public FrameText(Overlay overlay, NodeNames names) {
        this(overlay, names::ofEndpoint);
    }

    private FrameText(Overlay overlay, EndpointNames names) {
        this.overlay = overlay;
        this.names = names;
    }

    /** @param frame from the Ethernet header on; may be cut anywhere */
    public String describe(byte[] frame) {
        if (frame.length < EthernetHeader.LENGTH) { return frame.length + " bytes, less than an Ethernet header"; }
        return describe(ByteBuffer.wrap(frame), 0);
    }

    private String describe(ByteBuffer frame, int at) {
        int type = u16(frame, at + 12);
        String macs = mac(frame, at + 6) + " > " + mac(frame, at);
        return switch (type) {
            case EthernetHeader.ETH_P_IP -> ip4(frame, at + EthernetHeader.LENGTH);
            case EthernetHeader.ETH_P_ARP -> arp(frame, at + EthernetHeader.LENGTH, macs);
            default -> String.format(Locale.ROOT, "ethernet type 0x%04x %s", type, macs);
        };
    }

    private static String arp(ByteBuffer frame, int at, String macs) {
        if (frame.limit() < at + 28) { return "arp, cut, " + macs; }
        return (u16(frame, at + 6) == 1 ? "arp request for " + address(frame, at + 24) + " from "
            : "arp reply to " + address(frame, at + 24) + " from ") + address(frame, at + 14) + " " + macs;
    }

    private String ip4(ByteBuffer frame, int at) {
        if (frame.limit() < at + IP4_MIN) { return "ipv4, cut"; }
        int protocol = u8(frame, at + 9);
        int l4 = at + (u8(frame, at) & 0xF) * 4;
        int fragment = u16(frame, at + 6);
        String source = named(frame, at + 12, protocol, NO_PORT);
        String destination = named(frame, at + 16, protocol, NO_PORT);
        String end = " ttl " + u8(frame, at + 8) + " length " + u16(frame, at + 2);
        if ((fragment & OFFSET_BITS) != 0) {
            return "fragment at " + (fragment & OFFSET_BITS) * 8 + " of " + name(protocol) + " " + source + " > "
                + destination + end;
        }
        if ((fragment & FRAGMENT_BITS) != 0) {
            end += " first fragment";
        }
        if (frame.limit() < l4 + 8) { return name(protocol) + " " + source + " > " + destination + end; }
        String ports = named(frame, at + 12, protocol, u16(frame, l4)) + " > "
            + named(frame, at + 16, protocol, u16(frame, l4 + 2));
        return switch (protocol) {
            case IpProtocol.IPPROTO_TCP -> "tcp " + ports + flags(frame, l4) + end;
            case IpProtocol.IPPROTO_UDP -> isTunnel(frame, l4) ? tunnel(frame, source, destination, l4)
                : "udp " + ports + end;
            case IpProtocol.IPPROTO_ICMP -> "icmp type " + u8(frame, l4) + " code " + u8(frame, l4 + 1)
                + echoId(frame, l4) + " " + source + " > " + destination + end;
            default -> name(protocol) + " " + source + " > " + destination + end;
        };
    }

    private boolean isTunnel(ByteBuffer frame, int udp) {
        return overlay.encapsulation().hasUdp() && u16(frame, udp + 2) == overlay.port()
            && frame.limit() >= inner(udp) + EthernetHeader.LENGTH;
    }

    private int inner(int udp) {
        return udp + UdpHeader.LENGTH + overlay.encapsulation().ownHeaderLength();
    }

    private String tunnel(ByteBuffer frame, String source, String destination, int udp) {
        int inner = inner(udp);
        return overlay.encapsulation().label() + " " + source + " > " + destination + " ("
            + (overlay.encapsulation().hasInnerEthernet() ? describe(frame, inner) : ip4(frame, inner)) + ")";
    }

    private static String flags(ByteBuffer frame, int tcp) {
        if (frame.limit() < tcp + 14) { return ""; }
        StringBuilder text = new StringBuilder();
        for (int bit = 0; bit < TCP_FLAGS.length; bit++) {
            if ((u8(frame, tcp + 13) >>> bit & 1) != 0) {
                text.append(text.isEmpty() ? " " : "|").append(TCP_FLAGS[bit]);
            }
        }
        return text.toString();
    }

    private static String echoId(ByteBuffer frame, int icmp) {
        int type = u8(frame, icmp);
        return type == 0 || type == 8 ? " id " + u16(frame, icmp + 4) : "";
    }

    static String name(int protocol) {
        return switch (protocol) {
            case IpProtocol.IPPROTO_TCP -> "tcp";
            case IpProtocol.IPPROTO_UDP -> "udp";
            case IpProtocol.IPPROTO_ICMP -> "icmp";
            case IpProtocol.IPPROTO_SCTP -> "sctp";
            default -> "protocol " + protocol;
        };
    }

    private static int u8(ByteBuffer frame, int at) {
        return frame.get(at) & 0xFF;
    }

    private static int u16(ByteBuffer frame, int at) {
        return frame.getShort(at) & 0xFFFF;
    }

    private String named(ByteBuffer frame, int at, int protocol, int port) {
        String name = names.name(frame.getInt(at), protocol, port);
        return address(frame, at) + (port == NO_PORT ? "" : ":" + port) + (name.isEmpty() ? "" : " " + name);
    }

    private static String address(ByteBuffer frame, int at) {
        return Ipv4Address.format(frame.getInt(at));
    }

    private static String mac(ByteBuffer frame, int at) {
        return MacAddress.format((long) u16(frame, at) << 32 | frame.getInt(at + 2) & 0xFFFF_FFFFL);
    }
}
