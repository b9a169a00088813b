package io.weft.dataplane.warmup;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.graph.ForwardingGraph;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.LocalAddresses;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesWriter;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.Ipv4Prefix;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.nativebindings.linux.MappedMemory;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * A made-up node with everything a graph needs: two pods, a peer, a Service on both nodes and one without endpoints, a router. Its tables are of
 * the real kind, so that the code compiled for them is the code that will run.
 *
 * <p>Addresses are of the blocks for documentation and private use; nothing of it is seen outside. Cold code.
 */
final class Scene implements AutoCloseable {
    private static final int LARGE_MTU = 9000;
    static final LocalNode NODE = new LocalNode("warm-up", ip("192.0.2.1"), Ipv4Prefix.of("10.0.1.0/24"),
        Ipv4Prefix.of("10.0.0.0/16"),
        Ipv4Prefix.of("10.1.0.0/16"), 0x0200_0000_0001L, 1, 8472, LARGE_MTU, 1450, true, 61_000, 65_535);
    static final PortSpec POD_A = new PortSpec(2, 1, "a", ip("10.0.1.2"), 0x0200_0000_0002L, LARGE_MTU);
    static final PortSpec POD_B = new PortSpec(3, 1, "b", ip("10.0.1.3"), 0x0200_0000_0003L, LARGE_MTU);
    static final PeerSpec PEER = new PeerSpec(0, "peer", ip("192.0.2.2"), 0x0200_0000_0004L,
        Ipv4Prefix.of("10.0.2.0/24"),
        List.of(ip("192.0.2.2")), true);
    static final int POD_C = ip("10.0.2.2");
    static final int SERVICE = ip("10.1.0.1");
    static final int EMPTY_SERVICE = ip("10.1.0.2");
    static final int OUTSIDE = ip("198.51.100.1");
    /** On the link; {@link #setNeighbour} says whether it is resolved. */
    static final int NEIGHBOUR = ip("192.0.2.77");
    static final int ROUTER = ip("192.0.2.254");
    static final long UPLINK_MAC = 0x0200_0000_0005L;
    static final int SERVICE_PORT = 80;

    private static final long ROUTER_MAC = 0x0200_0000_0006L;
    private static final long HOST_MAC = 0x0200_0000_0007L;
    private static final int BACKEND_PORT = 8080;
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
    private final Deque<AutoCloseable> memories = new ArrayDeque<>();

    Scene(Path directory, ChunkLayout layout) {
        frames = FrameMemory.allocate(CHUNKS, layout);
        memories.push(frames);
        pool = frames.pool();
        memories.push(counters);
        WorkerCounters worker = counters.worker(0);
        state = new ForwardingState(
            new Adjacencies(memory((long) SLOTS * Adjacencies.SLOT_BYTES).address(), SLOTS, SLOTS));
        MappedMemory flowMemory = memory(FlowTable.sizeFor(MAX_FLOWS));
        FlowTable flows = FlowTable.create(flowMemory.address(), flowMemory.size(), MAX_FLOWS, 1);
        SnatPorts snatPorts = new SnatPorts(memory(SnatPorts.BITMAPS_LENGTH).address(), NODE.snatFirst(),
            NODE.snatLast());
        publish(directory);
        graph = new ForwardingGraph(state, flows, snatPorts, worker, pool);
    }

    private MappedMemory memory(long bytes) {
        MappedMemory memory = MappedMemory.anonymous(bytes, false);
        memories.push(memory);
        return memory;
    }

    private void publish(Path directory) {
        TablesWriter tables = TablesWriter.create(directory, new TablesSizing(1 << 20), () -> Long.MAX_VALUE);
        memories.push(tables);
        tables.putLocal(NODE);
        tables.putPort(POD_A);
        tables.putPort(POD_B);
        tables.putPeer(PEER);
        for (int protocol : new int[]{IpProtocol.IPPROTO_TCP, IpProtocol.IPPROTO_UDP}) {
            List<Backend> backends = List.of(new Backend(POD_B.podIp(), BACKEND_PORT, Backend.FLAG_LOCAL),
                new Backend(POD_C, BACKEND_PORT, 0));
            tables.services()
                .put(new ServiceSpec(new ServiceKey(SERVICE, SERVICE_PORT, protocol), "warm-up", backends));
            tables.services()
                .put(new ServiceSpec(new ServiceKey(EMPTY_SERVICE, SERVICE_PORT, protocol), "empty", List.of()));
        }
        tables.commit();
        TablesReader reader = TablesReader.open(directory);
        memories.push(reader);
        state.publish(reader);
        state.publish(new LocalAddresses(NODE.address(), NODE.base()));
        state.publish(new UnderlayRoutes(List.of(UnderlayRoutes.Entry.via(Ipv4Prefix.of("0.0.0.0/0"), ROUTER),
            UnderlayRoutes.Entry.via(Ipv4Prefix.of("192.0.2.0/24"), 0))));
        state.publish(PortDirectory.EMPTY
            .with(PortId.HOST, PortKind.HOST, 0, HOST_MAC, NODE.vtepMac(), UPLINK_MTU)
            .with(PortId.UPLINK, PortKind.UPLINK, 0, 0, UPLINK_MAC, UPLINK_MTU)
            .with(POD_A.id(), PortKind.POD, POD_A.podIp(), POD_A.podMac(), NODE.vtepMac(), POD_A.mtu())
            .with(POD_B.id(), PortKind.POD, POD_B.podIp(), POD_B.podMac(), NODE.vtepMac(), POD_B.mtu()));
        Adjacencies adjacencies = state.adjacencies();
        adjacencies.writeTunnel(0, ROUTER_MAC, UPLINK_MAC, NODE.address(), PEER.vtepIp(), NODE.overlayPort(),
            NODE.vni(),
            PEER.vtepMac(), NODE.vtepMac(), NODE.offNodeMtu());
        adjacencies.bindPeer(PEER.index(), 0);
        adjacencies.writeUnderlay(1, ROUTER_MAC, UPLINK_MAC, UPLINK_MTU);
        adjacencies.bindNextHop(ROUTER, 1);
        adjacencies.bindNextHop(NEIGHBOUR, NEIGHBOUR_SLOT);
    }

    void setNeighbour(boolean resolved) {
        if (resolved) {
            state.adjacencies().writeUnderlay(NEIGHBOUR_SLOT, ROUTER_MAC, UPLINK_MAC, UPLINK_MTU);
        } else {
            state.adjacencies().withdraw(NEIGHBOUR_SLOT);
        }
    }

    @Override
    public void close() {
        for (AutoCloseable memory : memories) {
            try {
                memory.close();
            } catch (Exception e) {
                throw new IllegalStateException("cannot close the warm-up", e);
            }
        }
    }

    private static int ip(String text) {
        return Ipv4Address.of(text);
    }
}
