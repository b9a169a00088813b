package io.weft.perf.micro;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import io.weft.encap.tunnel.VxlanHeader;

/** Checks that a benchmark did its work: a figure for dropped or damaged frames is worthless. All methods throw {@link IllegalStateException}. */
final class FrameChecks {
    private static final int TTL = 64;

    private FrameChecks() {
    }

    /** Every frame that was received has been sent. */
    static void counters(WorkerCounters counters) {
        for (DropReason reason : DropReason.values()) {
            require(counters.dropped(reason), 0, reason.label() + " drops");
        }
        require(counters.total(FrameTotal.SENT), counters.total(FrameTotal.RECEIVED), "frames sent");
    }

    /**
     * The frames of the last batch, which are still where they were written.
     *
     * @param nodePorts by flow: the port of the node that is its source; null where sources are not translated
     */
    static void lastBatch(Lane lane, TrafficCase trafficCase, char[] nodePorts) {
        for (int n = 1; n <= lane.batchSize(); n++) {
            frame(lane.before(n) + (trafficCase.fromTunnel ? TunnelFrames.OUTER : 0), trafficCase,
                lane.order().before(n), nodePorts);
        }
    }

    /** @param at the inner frame */
    private static void frame(long at, TrafficCase trafficCase, int word, char[] nodePorts) {
        int flow = Frames.flow(word);
        long ip = at + Frames.IP;
        long l4 = at + Frames.L4;
        int l4Length = Frames.LENGTH - Frames.L4;
        require(Ipv4Header.totalLength(ip), Frames.LENGTH - Frames.IP, "length");
        require(Ipv4Header.ttl(ip), TTL - 1, "TTL");
        require(Ipv4Header.protocol(ip), trafficCase.protocol(), "protocol");
        require(InternetChecksum.ipv4Header(ip, Ipv4Header.LENGTH), 0, "IPv4 checksum");
        require(InternetChecksum.l4(ip, l4, l4Length), 0, "TCP or UDP checksum");
        if (trafficCase.fromTunnel) {
            toClient(at, trafficCase, word);
        } else {
            boolean translated = nodePorts != null;
            require(Ipv4Header.source(ip), translated ? NodeSetup.BASE_IP : Frames.podIp(flow), "source");
            require(Memory.u16(at + Frames.SOURCE_PORT), translated ? nodePorts[flow] : Frames.clientPort(flow),
                "source port");
            require(Memory.u16(at + Frames.DESTINATION_PORT), NodeSetup.BACKEND_PORT, "destination port");
            fromPod(at, trafficCase, flow);
        }
    }

    private static void toClient(long at, TrafficCase trafficCase, int word) {
        int flow = Frames.flow(word);
        boolean reply = trafficCase.isReply();
        require(Ipv4Header.source(at + Frames.IP),
            reply ? trafficCase.target.address(flow) : NodeSetup.backendIp(Frames.backend(word)), "source");
        require(Memory.u16(at + Frames.SOURCE_PORT), reply ? trafficCase.target.port : NodeSetup.BACKEND_PORT,
            "source port");
        require(Ipv4Header.destination(at + Frames.IP), trafficCase.clientIp(flow), "destination");
        require(Memory.u16(at + Frames.DESTINATION_PORT), Frames.clientPort(flow), "destination port");
        if (trafficCase.isOfOutside()) {
            require(EthernetHeader.destination(at), NodeSetup.ROUTER_MAC, "destination MAC");
            require(EthernetHeader.source(at), NodeSetup.UPLINK_MAC, "source MAC");
        } else {
            ethernet(at);
        }
    }

    private static void fromPod(long at, TrafficCase trafficCase, int flow) {
        int destination = Ipv4Header.destination(at + Frames.IP);
        if (trafficCase.isTranslated()) {
            int backend = NodeSetup.backendOf(destination);
            require(backend >= 0 && backend < NodeSetup.BACKENDS ? NodeSetup.backendIp(backend) : 0, destination,
                "backend");
        } else {
            require(destination, trafficCase.target.address(flow), "destination");
        }
        if (trafficCase == TrafficCase.POD_POD) {
            ethernet(at);
        } else {
            tunnel(at - TunnelFrames.OUTER, NodeSetup.peerOf(NodeSetup.backendOf(destination)));
        }
    }

    /** To a pod of this node. */
    private static void ethernet(long at) {
        require(EthernetHeader.destination(at), NodeSetup.POD_MAC, "destination MAC");
        require(EthernetHeader.source(at), NodeSetup.GATEWAY_MAC, "source MAC");
    }

    private static void tunnel(long at, int peer) {
        long ip = at + Frames.IP;
        long udp = at + Frames.L4;
        require(EthernetHeader.destination(at), NodeSetup.ROUTER_MAC, "outer destination MAC");
        require(EthernetHeader.source(at), NodeSetup.UPLINK_MAC, "outer source MAC");
        require(InternetChecksum.ipv4Header(ip, Ipv4Header.LENGTH), 0, "outer IPv4 checksum");
        require(Ipv4Header.protocol(ip), IpProtocol.IPPROTO_UDP, "outer protocol");
        require(Ipv4Header.totalLength(ip), TunnelFrames.OUTER - Frames.IP + Frames.LENGTH, "outer length");
        require(Ipv4Header.source(ip), NodeSetup.NODE_IP, "outer source");
        require(Ipv4Header.destination(ip), NodeSetup.FIRST_PEER_IP + peer, "outer destination");
        require(UdpHeader.destinationPort(udp), NodeSetup.OVERLAY_PORT, "outer port");
        require(UdpHeader.length(udp), TunnelFrames.OUTER - Frames.L4 + Frames.LENGTH, "UDP length");
        require(VxlanHeader.vni(udp + UdpHeader.LENGTH), NodeSetup.VNI, "VNI");
        require(EthernetHeader.destination(at + TunnelFrames.OUTER), NodeSetup.FIRST_PEER_VTEP_MAC + peer,
            "inner destination MAC");
    }

    private static void require(long actual, long expected, String what) {
        if (actual != expected) {
            throw new IllegalStateException("%s: %#x instead of %#x".formatted(what, actual, expected));
        }
    }
}
