package io.weft.dataplane.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.detached.DetachedNode;
import io.weft.dataplane.explain.NodeImage;
import io.weft.dataplane.explain.NodeNames;
import io.weft.dataplane.explain.PrivateFlows;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.LocalAddresses;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.ServiceRules;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesWriter;
import io.weft.dataplane.worker.BatchProcessor;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.encap.memory.Memory;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.lb.flow.FlowDump;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.nativebindings.linux.MappedMemory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A node named n1 with two pods, two peers and some services, over real tables and memory ports.
 *
 * <pre>
 *   pod A 10.244.1.2 (port 2)   pod B 10.244.1.3 (port 3)   gateway .1   node .0 and 192.0.2.11
 *   peer n2 192.0.2.12 10.244.2.0/24   peer k1 192.0.2.13 10.244.3.0/24   router 192.0.2.1
 * </pre>
 */
final class GraphFixture implements AutoCloseable {
    static final int POD_A = 2;
    static final int POD_B = 3;
    static final int HOST = PortId.HOST;
    static final int UPLINK = PortId.UPLINK;
    static final int N2 = 5;
    static final int K1 = 6;
    static final int CHUNK = 2048;
    private static final ChunkLayout LAYOUT = ChunkLayout.spread(CHUNK);

    static final long GATEWAY_MAC = MacAddress.of("02:00:00:00:00:01");
    static final long POD_A_MAC = MacAddress.of("02:00:00:00:00:0a");
    static final long POD_B_MAC = MacAddress.of("02:00:00:00:00:0b");
    static final long HOST_MAC = MacAddress.of("02:00:00:00:00:99");
    static final long UPLINK_MAC = MacAddress.of("02:00:00:00:11:11");
    static final long N2_MAC = MacAddress.of("02:00:00:00:12:12");
    static final long K1_MAC = MacAddress.of("02:00:00:00:13:13");
    static final long ROUTER_MAC = MacAddress.of("02:00:00:00:ff:ff");
    static final long VTEP_MAC = MacAddress.of("02:00:00:00:01:01");
    static final long N2_VTEP_MAC = MacAddress.of("02:00:00:00:02:02");
    static final long K1_VTEP_MAC = MacAddress.of("02:00:00:00:03:03");

    static final int NODE = Ipv4Address.of("192.0.2.11");
    /** Slot of n2's tunnel in the adjacencies. */
    static final int N2_SLOT = 10;
    private static final LocalNode LOCAL = local("192.0.2.11", "10.244.1.0/24");
    private static final PeerSpec PEER_N2 = peer(N2, "n2", "192.0.2.12", N2_VTEP_MAC, "10.244.2.0/24", true);
    private static final PeerSpec PEER_K1 = peer(K1, "k1", "192.0.2.13", K1_VTEP_MAC, "10.244.3.0/24", false);

    final WorkerCounters counters;
    final FramePool pool;
    final ForwardingState state;
    final FlowTable flows;
    final SnatPorts snatPorts;
    final ForwardingGraph graph;
    /** The graph, or what a test has put before it. */
    BatchProcessor processor;
    final FrameBatch batch = new FrameBatch();
    final MemoryPort[] ports = new MemoryPort[4];
    final TablesWriter writer;
    private final DetachedNode detached;
    private final CounterFile counterFile;
    private final boolean first;
    long now = 1_000_000_000_000L;

    GraphFixture() {
        this(256, 1024, MemoryPort.Sent.CAPTURED);
    }

    GraphFixture(int chunks, int maxFlows, MemoryPort.Sent sent) {
        this(chunks, maxFlows, sent, Lanes.areUsable(), NodeRunner::new);
    }

    /** Every frame takes the slow path, on any machine. */
    static GraphFixture onSlowPath(int chunks, int maxFlows) {
        return new GraphFixture(chunks, maxFlows, MemoryPort.Sent.CAPTURED, false, NodeRunner::new);
    }

    GraphFixture(int chunks, int maxFlows, MemoryPort.Sent sent, boolean fastPath, NodeRunner.Factory runners) {
        this(DetachedNode.temporary(LOCAL, new DetachedNode.Sizing(TablesSizing.DEFAULT, maxFlows, 64, 16, false)),
            true, chunks, sent, fastPath, runners);
        fill();
        fillWithCanary();
    }

    /** Another worker of the same node, with memory and ports of its own; to be closed before the first. */
    GraphFixture(GraphFixture node) {
        this(node.detached, false, node.pool.chunks(), MemoryPort.Sent.CAPTURED, Lanes.areUsable(), NodeRunner::new);
        now = node.now;
    }

    private GraphFixture(DetachedNode detached, boolean first, int chunks, MemoryPort.Sent sent, boolean fastPath,
        NodeRunner.Factory runners) {
        this.detached = detached;
        this.first = first;
        writer = detached.tables;
        state = detached.state;
        flows = detached.flows;
        snatPorts = detached.snatPorts;
        counterFile = CounterFile.inMemory(new CounterSizing(1, 16, 64));
        counters = counterFile.worker(0);
        pool = new FramePool(map(LAYOUT.bytes(chunks)), chunks, LAYOUT);
        graph = new ForwardingGraph(state, flows, snatPorts, counters, pool, fastPath, runners);
        for (int id = 0; id < ports.length; id++) {
            ports[id] = new MemoryPort(id, pool, counters, sent, 1024);
        }
        graph.use(ports.clone());
        processor = graph;
    }

    /** What became of the frames of one {@link #run}. */
    record Outcome(Map<Integer, List<MemoryPort.SentFrame>> sent, Map<DropReason, Long> drops) {
        /** {@code port: description [request]} of each sent frame, then each drop with its count. */
        @Override
        public String toString() {
            List<String> lines = new ArrayList<>();
            sent.forEach((port, frames) -> frames.forEach(f -> lines.add(port + ": " + Packet.describe(f.bytes())
                + (f.checksum() == 0 ? "" : " request"))));
            drops.forEach((reason, count) -> lines.add(reason.label() + (count == 1 ? "" : " " + count)));
            return String.join("\n", lines);
        }

        byte[] only(int port) {
            assertEquals(1, sent.getOrDefault(port, List.of()).size(), toString());
            return sent.get(port).getFirst().bytes();
        }
    }

    /** Receives frames on a port, runs the graph until it is empty, checks the accounts, and collects the ends. */
    Outcome run(int port, byte[]... frames) {
        Map<DropReason, Long> before = drops();
        for (byte[] frame : frames) {
            if (!ports[port].offer(frame)) { throw new IllegalStateException("no room"); }
        }
        forwardAll();
        Map<Integer, List<MemoryPort.SentFrame>> sent = new java.util.TreeMap<>();
        for (MemoryPort each : ports) {
            for (MemoryPort.SentFrame frame = each.take(); frame != null; frame = each.take()) {
                sent.computeIfAbsent(each.id(), id -> new ArrayList<>()).add(frame);
            }
        }
        checkAccounts();
        assertEquals(pool.chunks(), pool.free() + graph.held(), "chunks");
        Map<DropReason, Long> drops = drops();
        drops.replaceAll((reason, count) -> count - before.get(reason));
        drops.values().removeIf(count -> count == 0);
        return new Outcome(sent, drops);
    }

    /** Runs the graph as long as a port has frames. */
    void forwardAll() {
        int received;
        do {
            received = 0;
            for (Port port : ports) {
                received += port.receive(batch);
            }
            now += 1000;
            processor.process(batch, now);
            while (graph.resume(batch, now)) {
                // until nothing more can go on
            }
        } while (received > 0);
    }

    /** received + originated = sent + punted + dropped + in flight. */
    void checkAccounts() {
        assertEquals(total(FrameTotal.RECEIVED) + total(FrameTotal.ORIGINATED),
            total(FrameTotal.SENT) + total(FrameTotal.PUNTED)
                + total(FrameTotal.DROPPED) + total(FrameTotal.IN_FLIGHT),
            "accounts");
    }

    long total(FrameTotal total) {
        return counters.total(total);
    }

    CounterFile counterFile() {
        return counterFile;
    }

    Map<DropReason, Long> drops() {
        Map<DropReason, Long> drops = new EnumMap<>(DropReason.class);
        for (DropReason reason : DropReason.values()) {
            drops.put(reason, counters.dropped(reason));
        }
        return drops;
    }

    void change(Consumer<TablesWriter> change) {
        change.accept(writer);
        writer.commit();
    }

    /** Patterned bytes in every chunk, so that a read or a copy past a frame shows. */
    void fillWithCanary() {
        for (long at = pool.base(); at < pool.base() + LAYOUT.bytes(pool.chunks()); at++) {
            Memory.putU8(at, 0xC5);
        }
    }

    // -- frames as they arrive -----------------------------------------------------------------------------------------

    static byte[] fromA(Packet packet) {
        return packet.ethernet(GATEWAY_MAC, POD_A_MAC).frame();
    }

    static byte[] fromB(Packet packet) {
        return packet.ethernet(GATEWAY_MAC, POD_B_MAC).frame();
    }

    static byte[] fromHost(Packet packet) {
        return packet.ethernet(GATEWAY_MAC, HOST_MAC).frame();
    }

    static byte[] fromWire(Packet packet) {
        return packet.ethernet(UPLINK_MAC, ROUTER_MAC).frame();
    }

    /** From a pod of peer n2 through the tunnel. */
    static byte[] fromN2(Packet packet) {
        return tunnel(packet).ethernet(UPLINK_MAC, N2_MAC).frame();
    }

    static Packet tunnel(Packet packet) {
        return Packet.vxlan("192.0.2.12", "192.0.2.11", 1, packet.ethernet(VTEP_MAC, N2_VTEP_MAC).frame());
    }

    // -- set-up --------------------------------------------------------------------------------------------------------

    private void fill() {
        detached.host(HOST_MAC, GATEWAY_MAC, 1450);
        detached.uplink(UPLINK_MAC, 1500);
        detached.pod(new PortSpec(POD_A, 100, "weft0a", IpAddress.of("10.244.1.2"), POD_A_MAC, 1450), GATEWAY_MAC);
        detached.pod(new PortSpec(POD_B, 101, "weft0b", IpAddress.of("10.244.1.3"), POD_B_MAC, 1450), GATEWAY_MAC);
        detached.peer(PEER_N2, N2_SLOT, N2_MAC);
        detached.peer(PEER_K1, 11, K1_MAC);
        detached.nextHop(Ipv4Address.of("192.0.2.1"), 12, ROUTER_MAC);
        service(writer, "10.96.0.10", 80, Packet.TCP, "10.244.1.3", 8080);
        service(writer, "10.96.0.10", 53, Packet.UDP, "10.244.2.5", 5353);
        service(writer, "10.96.0.11", 80, Packet.TCP, null, 0);
        service(writer, "10.96.0.11", 53, Packet.UDP, null, 0);
        service(writer, "10.96.0.12", 80, Packet.TCP, "10.244.1.2", 8080);
        service(writer, "10.96.0.13", 443, Packet.TCP, "198.51.100.7", 6443);
        service(writer, "10.96.0.14", 443, Packet.TCP, "192.0.2.11", 6443);
        writer.commit();
        state.publish(new LocalAddresses(NODE, Ipv4Address.of("10.244.1.0"), Ipv4Address.of("172.17.0.1")));
        state.publish(new UnderlayRoutes(List.of(
            UnderlayRoutes.Entry.via(IpPrefix.of("0.0.0.0/0"), Ipv4Address.of("192.0.2.1")),
            UnderlayRoutes.Entry.via(IpPrefix.of("192.0.2.0/24"), 0),
            new UnderlayRoutes.Entry(IpPrefix.of("198.18.1.0/24"), UnderlayRoutes.OTHER_DEVICE),
            new UnderlayRoutes.Entry(IpPrefix.of("198.18.2.0/24"), UnderlayRoutes.BLACKHOLE),
            new UnderlayRoutes.Entry(IpPrefix.of("198.18.3.0/24"), UnderlayRoutes.UNREACHABLE),
            new UnderlayRoutes.Entry(IpPrefix.of("198.18.4.0/24"), UnderlayRoutes.PROHIBIT),
            new UnderlayRoutes.Entry(IpPrefix.of("198.18.5.0/24"), UnderlayRoutes.NO_ROUTE))));
    }

    /** What the tables say of node n1, with another address or podCIDR. */
    static LocalNode local(String address, String podCidr) {
        return new LocalNode("n1", IpAddress.of(address), IpPrefix.of(podCidr), IpPrefix.of("10.244.0.0/16"),
            IpPrefix.of("10.96.0.0/16"), VTEP_MAC, new Overlay(Encapsulation.VXLAN, 1, 8472), 1450, 1450, true, 61_000,
            65_535);
    }

    /** The same node with other rules for Services. */
    static LocalNode local(ServiceRules rules) {
        return new LocalNode("n1", LOCAL.address(), LOCAL.podCidr(), LOCAL.clusterCidr(), LOCAL.serviceCidr(), VTEP_MAC,
            LOCAL.overlay(), LOCAL.podMtu(), LOCAL.offNodeMtu(), true, LOCAL.snatFirst(), LOCAL.snatLast(), rules);
    }

    private static PeerSpec peer(int index, String name, String address, long vtepMac, String podCidr, boolean weft) {
        IpAddress ip = IpAddress.of(address);
        return new PeerSpec(index, name, ip, vtepMac, IpPrefix.of(podCidr), List.of(ip), weft);
    }

    static void service(TablesWriter writer, String vip, int port, int protocol, String backend, int backendPort) {
        List<Backend> backends = backend == null ? List.of()
            : List.of(Backend.ready(IpAddress.of(backend), backendPort));
        writer.services()
            .put(new ServiceSpec(new ServiceKey(IpAddress.of(vip), port, protocol), vip + ":" + port, backends));
    }

    /** The node as {@code weft explain} sees it. */
    NodeImage image() {
        ForwardingState own = new ForwardingState(state.adjacencies());
        own.publish(state.tables());
        own.publish(state.ports());
        own.publish(state.localAddresses());
        own.publish(state.underlayRoutes());
        return new NodeImage(own, this::privateFlows,
            new NodeNames((TablesReader) state.tables(), Map.of(), List.of(), Map.of()), 64);
    }

    private PrivateFlows privateFlows() {
        MappedMemory copy = detached.copyOfFlows();
        MappedMemory bitmaps = MappedMemory.anonymous(SnatPorts.BITMAPS_LENGTH, false);
        SnatPorts ownPorts = new SnatPorts(bitmaps.address(), LOCAL.snatFirst(), LOCAL.snatLast());
        new FlowDump(copy.address(), copy.size()).forEach(flow -> SourceNat.onFound(ownPorts, flow));
        return new PrivateFlows(FlowTable.open(copy.address(), copy.size()), ownPorts, List.of(copy, bitmaps));
    }

    /** Leads the tunnel to n2 by another next hop, for packets of another length. */
    void tunnelToN2(long nextHopMac, int mtu) {
        detached.tunnel(PEER_N2, N2_SLOT, nextHopMac, mtu);
    }

    /** Resolves a next hop on the underlay. */
    void nextHop(String address, int slot, long mac) {
        detached.nextHop(Ipv4Address.of(address), slot, mac);
    }

    /** Memory for as long as the fixture lives, aligned to a chunk. */
    long map(long bytes) {
        return detached.map(bytes);
    }

    @Override
    public void close() {
        counterFile.close();
        if (first) {
            detached.close();
        }
    }
}
