package io.weft.perf.micro;

import io.weft.dataplane.detached.DetachedNode;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesSizing;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The node that benchmarks forward on: client pods, four server pods, 64 peers with four backends each, and services; in a real tables
 * file.
 *
 * <pre>
 *   pods 10.1.0.2 … (port 2 …), servers 10.1.0.200 …    node 192.0.2.1    ClusterIPs 10.96.0.1 …
 *   peer p: 192.0.2.(100+p), pods 10.3.p.2 … 10.3.p.5
 * </pre>
 */
final class NodeSetup {
    static final int MAX_PODS = 128;
    static final int SERVERS = 4;
    static final int PEERS = 64;
    static final int BACKENDS = 256;
    static final int BACKENDS_PER_PEER = BACKENDS / PEERS;
    static final int MANY_SERVICES = 10_000;
    static final int SERVICE_PORT = 4000;
    static final int BACKEND_PORT = 8080;
    static final int NODE_PORT = 30_080;
    static final int OVERLAY_PORT = 8472;
    static final int VNI = 1;
    static final int MTU = 1450;
    static final int SERVER_PORT_ID = PortId.FIRST_POD + MAX_PODS;
    static final int PORTS = SERVER_PORT_ID + SERVERS;

    static final int NODE_IP = Ipv4Address.of("192.0.2.1");
    static final int FIRST_POD_IP = Ipv4Address.of("10.1.0.2");
    static final int FIRST_SERVER_IP = Ipv4Address.of("10.1.0.200");
    static final int FIRST_BACKEND_IP = Ipv4Address.of("10.3.0.2");
    static final int FIRST_PEER_IP = Ipv4Address.of("192.0.2.100");
    /** The node's address among pods: source of what it sends into the tunnel. */
    static final int BASE_IP = Ipv4Address.of("10.1.0.0");
    static final int FIRST_CLIENT_IP = Ipv4Address.of("203.0.113.2");
    static final int FIRST_VIP = Ipv4Address.of("10.96.0.1");
    static final long GATEWAY_MAC = 0x02_00_00_00_00_01L;
    static final long POD_MAC = 0x02_00_00_00_00_02L;
    static final long VTEP_MAC = 0x02_00_00_00_00_03L;
    static final long UPLINK_MAC = 0x02_00_00_00_00_04L;
    static final long ROUTER_MAC = 0x02_00_00_00_01_00L;
    static final long FIRST_PEER_VTEP_MAC = 0x02_00_00_00_02_00L;

    /** With 10,000 Services: as many endpoints as in a large cluster. */
    private static final int BACKENDS_OF_MANY = 16;
    private static final TablesSizing LARGE = new TablesSizing(256L << 20);

    static final Overlay OVERLAY = new Overlay(Encapsulation.VXLAN, VNI, OVERLAY_PORT);
    private static final LocalNode LOCAL = new LocalNode("bench", IpAddress.ipv4(NODE_IP), IpPrefix.of("10.1.0.0/24"),
        IpPrefix.of("10.0.0.0/11"), IpPrefix.of("10.96.0.0/16"), VTEP_MAC,
        OVERLAY, MTU, MTU, true,
        61_000,
        65_535);

    private static final int ROUTER_IP = Ipv4Address.of("192.0.2.254");
    private static final int ROUTER_SLOT = PEERS;

    private final DetachedNode node;

    private NodeSetup(DetachedNode node) {
        this.node = node;
    }

    /** @param services 1 with 256 backends, or more with 16 of them each */
    static DetachedNode node(int services, int maxFlows) {
        DetachedNode node = DetachedNode.temporary(LOCAL,
            new DetachedNode.Sizing(services == 1 ? TablesSizing.DEFAULT : LARGE, maxFlows, PEERS + 1, PEERS, true));
        NodeSetup setUp = new NodeSetup(node);
        setUp.putPortsAndPeers();
        setUp.putRouter();
        setUp.putServices(services);
        node.tables.commit();
        return node;
    }

    /** Backend {@code b} is behind peer {@code b / 4}. */
    static int backendIp(int backend) {
        return FIRST_BACKEND_IP + (peerOf(backend) << 8) + backend % BACKENDS_PER_PEER;
    }

    /** The inverse of {@link #backendIp}. */
    static int backendOf(int ip) {
        int offset = ip - FIRST_BACKEND_IP;
        return (offset >> 8) * BACKENDS_PER_PEER + (offset & 0xFF);
    }

    static int peerOf(int backend) {
        return backend / BACKENDS_PER_PEER;
    }

    private void putPortsAndPeers() {
        node.uplink(UPLINK_MAC, 1500);
        for (int pod = 0; pod < MAX_PODS; pod++) {
            putPod(PortId.FIRST_POD + pod, FIRST_POD_IP + pod);
        }
        for (int server = 0; server < SERVERS; server++) {
            putPod(SERVER_PORT_ID + server, FIRST_SERVER_IP + server);
        }
        for (int peer = 0; peer < PEERS; peer++) {
            node.peer(
                new PeerSpec(peer, "peer" + peer, IpAddress.ipv4(FIRST_PEER_IP + peer), FIRST_PEER_VTEP_MAC + peer,
                    new IpPrefix(IpAddress.ipv4(Ipv4Address.of("10.3.0.0") + (peer << 8)), 24), List.of(), true),
                peer, ROUTER_MAC);
        }
    }

    /** The way back to clients outside. */
    private void putRouter() {
        node.nextHop(ROUTER_IP, ROUTER_SLOT, ROUTER_MAC);
        node.state.publish(
            new UnderlayRoutes(List.of(UnderlayRoutes.Entry.via(IpPrefix.of("0.0.0.0/0"), ROUTER_IP))));
    }

    private void putPod(int port, int ip) {
        node.pod(new PortSpec(port, port, "pod" + port, IpAddress.ipv4(ip), POD_MAC, MTU), GATEWAY_MAC);
    }

    private void putServices(int count) {
        List<Backend> backends = IntStream.range(0, BACKENDS)
            .mapToObj(backend -> Backend.ready(IpAddress.ipv4(backendIp(backend)), BACKEND_PORT)).toList();
        for (int service = 0; service < count; service++) {
            int first = service * BACKENDS_OF_MANY % BACKENDS;
            List<Backend> its = count == 1 ? backends : backends.subList(first, first + BACKENDS_OF_MANY);
            putService(service, IpProtocol.IPPROTO_UDP, its);
            if (count == 1) {
                putService(service, IpProtocol.IPPROTO_TCP, its);
                putNodePort(its);
            }
        }
    }

    private void putNodePort(List<Backend> backends) {
        node.tables.services().put(new ServiceSpec(
            new ServiceKey(ServiceKey.NODE_ADDRESSES, NODE_PORT, IpProtocol.IPPROTO_UDP), FrontendKind.NODE_PORT,
            "nodeport", false, false, 0, List.of(), backends));
    }

    private void putService(int service, int protocol, List<Backend> backends) {
        node.service(FIRST_VIP + service, SERVICE_PORT, protocol, backends);
    }
}
