package io.weft.dataplane.warmup;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.detached.DetachedNode;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.graph.ForwardingGraph;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.LocalAddresses;
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
import io.weft.encap.tunnel.Tunnel;
import io.weft.encap.tunnel.VxlanHeader;
import io.weft.lb.service.Backend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A synthetic node with everything that a graph needs: two pods, a peer, a Service with endpoints on both nodes, one without endpoints, a
 * router. Its tables are real ones, so that the code compiled for them is the code that will run.
 *
 * <p>The addresses are from the blocks for documentation and private use and never leave the process. Cold code.
 */
final class Scene implements AutoCloseable {
    private static final int LARGE_MTU = 9000;
    static final LocalNode NODE = new LocalNode("warm-up", IpAddress.of("192.0.2.1"), IpPrefix.of("10.0.1.0/24"),
        IpPrefix.of("10.0.0.0/16"),
        IpPrefix.of("10.1.0.0/16"), 0x0200_0000_0001L,
        new Overlay(Encapsulation.VXLAN, 1, VxlanHeader.LINUX_PORT), LARGE_MTU, 1450, true, 61_000, 65_535);
    static final PortSpec POD_A = new PortSpec(2, 1, "a", IpAddress.of("10.0.1.2"), 0x0200_0000_0002L, LARGE_MTU);
    static final PortSpec POD_B = new PortSpec(3, 1, "b", IpAddress.of("10.0.1.3"), 0x0200_0000_0003L, LARGE_MTU);
    static final PeerSpec PEER = new PeerSpec(0, "peer", IpAddress.of("192.0.2.2"), 0x0200_0000_0004L,
        IpPrefix.of("10.0.2.0/24"),
        List.of(IpAddress.of("192.0.2.2")), true);
    static final int POD_C = ip("10.0.2.2");
    static final int SERVICE = ip("10.1.0.1");
    static final int EMPTY_SERVICE = ip("10.1.0.2");
    static final int OUTSIDE = ip("198.51.100.1");
    /** On the link; {@link #setNeighbour} sets whether it is resolved. */
    static final int NEIGHBOUR = ip("192.0.2.77");
    static final int ROUTER = ip("192.0.2.254");
    static final long UPLINK_MAC = 0x0200_0000_0005L;
    static final int SERVICE_PORT = 80;

    private static final long ROUTER_MAC = 0x0200_0000_0006L;
    private static final long HOST_MAC = 0x0200_0000_0007L;
    static final int BACKEND_PORT = 8080;
    private static final int UPLINK_MTU = 1500;
    private static final int MAX_FLOWS = 1 << 15;
    private static final int CHUNKS = 1024;
    private static final int SLOTS = 8;
    private static final int NEIGHBOUR_SLOT = 2;

    final FrameMemory frames;
    final FramePool pool;
    final ForwardingState state;
    final ForwardingGraph graph;
    final CounterFile counters = CounterFile.inMemory(new CounterSizing(1, SLOTS, SLOTS));
    final Overlay overlay;
    /** As the peer sends to the node. */
    final Tunnel fromPeer;
    private final DetachedNode node;

    Scene(Path directory, ChunkLayout layout, Overlay overlay) throws IOException {
        this.overlay = overlay;
        fromPeer = new Tunnel(overlay.encapsulation(), UPLINK_MAC, ROUTER_MAC, PEER.vtepIp().toInt(),
            NODE.address().toInt(), overlay.port(), overlay.id(), NODE.vtepMac(), PEER.vtepMac());
        frames = FrameMemory.allocate(CHUNKS, layout);
        pool = frames.pool();
        node = new DetachedNode(directory, NODE.withOverlay(overlay),
            new DetachedNode.Sizing(new TablesSizing(1 << 20), MAX_FLOWS, SLOTS, SLOTS, false));
        state = node.state;
        fill();
        graph = node.graph(counters.worker(0), pool);
    }

    private void fill() {
        node.host(HOST_MAC, NODE.vtepMac(), UPLINK_MTU);
        node.uplink(UPLINK_MAC, UPLINK_MTU);
        node.pod(POD_A, NODE.vtepMac());
        node.pod(POD_B, NODE.vtepMac());
        node.peer(PEER, 0, ROUTER_MAC);
        node.nextHop(ROUTER, 1, ROUTER_MAC);
        state.adjacencies().bindNextHop(NEIGHBOUR, NEIGHBOUR_SLOT);
        for (int protocol : new int[]{IpProtocol.IPPROTO_TCP, IpProtocol.IPPROTO_UDP}) {
            node.service(SERVICE, SERVICE_PORT, protocol,
                List.of(Backend.readyHere(POD_B.podIp(), BACKEND_PORT),
                    Backend.ready(IpAddress.ipv4(POD_C), BACKEND_PORT)));
            node.service(EMPTY_SERVICE, SERVICE_PORT, protocol, List.of());
        }
        node.tables.commit();
        state.publish(new LocalAddresses(NODE.address().toInt(), NODE.base().toInt()));
        state.publish(new UnderlayRoutes(List.of(UnderlayRoutes.Entry.via(IpPrefix.of("0.0.0.0/0"), ROUTER),
            UnderlayRoutes.Entry.via(IpPrefix.of("192.0.2.0/24"), 0))));
    }

    void setNeighbour(boolean resolved) {
        if (resolved) {
            node.resolve(NEIGHBOUR_SLOT, ROUTER_MAC);
        } else {
            state.adjacencies().withdraw(NEIGHBOUR_SLOT);
        }
    }

    @Override
    public void close() {
        node.close();
        counters.close();
        frames.close();
    }

    private static int ip(String text) {
        return Ipv4Address.of(text);
    }
}
