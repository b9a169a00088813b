package io.weft.controlplane.compiler;

import io.weft.controlplane.compiler.Frames.Packet;
import io.weft.controlplane.healthcheck.HealthCheckNodePort;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.WriteTarget.Assessment;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ManifestFixture;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.decision.FlowRevalidator;
import io.weft.dataplane.detached.DetachedNode;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.graph.ForwardingGraph;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.state.LocalAddresses;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.StaticRoute;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.worker.Epochs;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.nat.SourceNat;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * The node of a {@link ServiceCase}: its objects go through the real compiler into a real tables file, its packets through the real graph on
 * memory ports. Its clock moves only when told to. Two other nodes, n-blue and n-gold, are peers.
 */
final class ServiceNode implements AutoCloseable {
    private static final long GATEWAY_MAC = MacAddress.of("02:00:00:00:00:01");
    private static final long HOST_MAC = MacAddress.of("02:00:00:00:00:99");
    private static final long UPLINK_MAC = MacAddress.of("02:00:00:00:11:11");
    private static final long NEXT_HOP_MAC = MacAddress.of("02:00:00:00:ff:ff");
    private static final long POD_MAC = MacAddress.of("02:00:00:00:0a:00");
    private static final String ROUTER = "192.0.2.1";
    private static final Map<String, String> PEERS = Map.of("n-blue", "192.0.2.12", "n-gold", "192.0.2.13");
    private static final Map<String, String> PEER_PODS = Map.of("n-blue", "10.61.2.0/24", "n-gold", "10.61.3.0/24");
    private static final int MTU = 1450;
    private static final int CHUNKS = 256;
    private static final int MAX_FLOWS = 1 << 15;
    private static final int MAX_PEERS = 16;

    /** A frame that left, and through which port. */
    record Sent(int port, Packet packet) {
    }

    private final ServiceCase content;
    private final TableCompiler compiler;
    private final DetachedNode detached;
    private final CounterFile counterFile = CounterFile.inMemory(new CounterSizing(1, PortId.COUNT, MAX_PEERS));
    private final WorkerCounters counters = counterFile.worker(0);
    private final FramePool pool;
    private final ForwardingGraph graph;
    private final MemoryPort[] ports;
    private final Map<Integer, Integer> podPorts = new HashMap<>();
    private final Map<Integer, PeerSpec> peerOfTunnel = new HashMap<>();
    private final FrameBatch batch = new FrameBatch();
    private final Epochs epochs = new Epochs(1);
    private final FlowRevalidator revalidator;
    private final FlowExpiry expiry;
    private String zone;
    private long nowNanos = TimeUnit.HOURS.toNanos(1);

    /** @param withServices false for a node that behaves as if there were none */
    ServiceNode(ServiceCase content, boolean withServices) {
        this.content = content;
        zone = content.zone();
        Map<String, String> values = new HashMap<>(content.options());
        values.putAll(Map.of("nodeName", content.nodeName(), "uplink", "eth0", "serviceCidr", content.serviceCidr(),
            "clusterCidr", content.clusterCidr(), "masquerade", "false"));
        compiler = TableCompiler.Factory.of(NodeConfiguration.of(values),
            new NodeFacts(1500, Optional.empty(), GATEWAY_MAC)).create(Optional.empty(), List.of());
        List<ClusterObject> objects = new ArrayList<>(nodes());
        if (withServices) {
            objects.addAll(content.objects());
        }
        DesiredTables first = new DesiredTables();
        compiler.apply(new ClusterChange(0, objects, List.of()), first);
        detached = DetachedNode.temporary(first.local().orElseThrow(),
            new DetachedNode.Sizing(TablesSizing.DEFAULT, MAX_FLOWS, 64, MAX_PEERS, false));
        ChunkLayout layout = ChunkLayout.spread(2048);
        pool = new FramePool(detached.map(layout.bytes(CHUNKS)), CHUNKS, layout);
        graph = detached.graph(counters, pool);
        ports = connect(first);
        graph.use(ports.clone());
        revalidator = new FlowRevalidator(detached.flows, detached.state);
        expiry = new FlowExpiry(detached.flows, FlowTimeouts.defaults(), epochs,
            (forward, k0, k1) -> SourceNat.onEnd(detached.snatPorts, forward, k0, k1));
        new DesiredTables().differenceTo(first, new Writer());
        detached.tables.commit();
    }

    // -- cluster -----------------------------------------------------------------------------------------------------

    private List<ClusterObject> nodes() {
        List<String> manifests = new ArrayList<>();
        manifests.add(
            "{apiVersion: v1, kind: Node, metadata: {name: %s, labels: {topology.kubernetes.io/zone: \"%s\"}}, spec: {podCIDR: %s}, status: {addresses: [%s]}}"
                .formatted(content.nodeName(), zone, content.podCidr(), String.join(", ", content.addresses().stream()
                    .map(address -> "{type: InternalIP, address: " + address + "}").toList())));
        PEERS.forEach((name, address) -> manifests.add(
            "{apiVersion: v1, kind: Node, metadata: {name: %s, annotations: {weft.io/node: \"true\"}}, spec: {podCIDR: %s}, status: {addresses: [{type: InternalIP, address: %s}]}}"
                .formatted(name, PEER_PODS.get(name), address)));
        return ManifestFixture.objects(String.join("\n---\n", manifests));
    }

    void apply(ClusterChange change) {
        compiler.apply(change, new Writer());
        detached.tables.commit();
        settle();
    }

    /** Other writes of operators. */
    void use(OperatorState operator) {
        compiler.use(operator);
        apply(new ClusterChange(0, List.of(), List.of()));
    }

    /** What other writes would change. */
    Assessment assess(OperatorState operator) {
        return compiler.assess(operator);
    }

    /** What each write does, by its title. */
    Map<String, String> uses(OperatorState operator) {
        return compiler.uses(operator);
    }

    /** Frames dropped for a reason. */
    long drops(DropReason reason) {
        return counterFile.reader().drop(reason);
    }

    void setZone(String name) {
        zone = name;
        apply(new ClusterChange(0, nodes(), List.of()));
    }

    /** What the health check ports tell now. */
    Collection<HealthCheckNodePort> healthChecks() {
        return compiler.healthChecks();
    }

    /** What the conductor does after a change: flows that would be created differently now end. */
    private void settle() {
        epochs.advance();
        revalidator.begin(nowNanos);
        expiry.scan((int) TimeUnit.NANOSECONDS.toSeconds(nowNanos), detached.flows.slotCount(), revalidator);
    }

    void pass(long nanos) {
        nowNanos += nanos;
    }

    private final class Writer implements TableSink {
        @Override
        public void putLocal(LocalNode node) {
            detached.tables.putLocal(node);
        }

        @Override
        public void putPeer(PeerSpec peer) {
            peerOfTunnel.put(peer.vtepIp().toInt(), peer);
            detached.peer(peer, peer.tunnel(), NEXT_HOP_MAC);
        }

        @Override
        public void removePeer(int index) {
            throw new IllegalStateException("no case removes a node");
        }

        @Override
        public void putService(ServiceSpec service) {
            detached.tables.services().put(service);
        }

        @Override
        public void removeService(ServiceKey key) {
            detached.tables.services().remove(key);
        }

        @Override
        public void putStaticRoute(StaticRoute route) {
            detached.tables.putStaticRoute(route);
        }

        @Override
        public void removeStaticRoute(IpPrefix prefix) {
            detached.tables.removeStaticRoute(prefix);
        }
    }

    // -- ports and neighbours ----------------------------------------------------------------------------------------

    private MemoryPort[] connect(DesiredTables tables) {
        detached.host(HOST_MAC, GATEWAY_MAC, MTU);
        detached.uplink(UPLINK_MAC, 1500);
        int id = PortId.FIRST_POD;
        for (String pod : content.podsHere()) {
            podPorts.put(Ipv4Address.of(pod), id);
            detached.pod(new PortSpec(id, 100 + id, "weft" + id, IpAddress.of(pod), POD_MAC + id, MTU), GATEWAY_MAC);
            id++;
        }
        int slot = tables.peers().size();
        detached.state.setSteeringReplies(true);
        for (String hop : List.of(ROUTER, "192.0.2.12", "192.0.2.13")) {
            detached.nextHop(Ipv4Address.of(hop), slot++, NEXT_HOP_MAC);
        }
        detached.state.publish(new UnderlayRoutes(List.of(
            UnderlayRoutes.Entry.via(IpPrefix.of("0.0.0.0/0"), Ipv4Address.of(ROUTER)),
            UnderlayRoutes.Entry.via(IpPrefix.of("192.0.2.0/24"), 0))));
        detached.state.publish(new LocalAddresses(IntStream.concat(
            content.localAddresses().mapToInt(Ipv4Address::of),
            IntStream.of(base(), Ipv4Address.of("127.0.0.1"))).toArray()));
        MemoryPort[] all = new MemoryPort[id];
        for (int i = 0; i < id; i++) {
            all[i] = new MemoryPort(i, pool, counters, MemoryPort.Sent.CAPTURED, 1024);
        }
        return all;
    }

    /** The node's address among pods. */
    int base() {
        return IpPrefix.of(content.podCidr()).base().toInt();
    }

    /** Whether an address is one of this node, the pods' gateway included. */
    boolean isOwn(int address) {
        return detached.state.localAddresses().contains(address) || address == base() + 1;
    }

    // -- packets -----------------------------------------------------------------------------------------------------

    /** Port or tunnel by which a packet of a row arrives. */
    record Entrance(int port, int tunnelEndpoint) {
    }

    /** @param name as in a row: pod-veth, weft-host, uplink or tunnel */
    Entrance entrance(String name, int source) {
        return switch (name) {
            case "pod-veth" -> new Entrance(podPorts.get(source), 0);
            case "weft-host" -> new Entrance(PortId.HOST, 0);
            case "uplink" -> new Entrance(PortId.UPLINK, 0);
            default -> new Entrance(PortId.UPLINK, tunnelTo(source).vtepIp().toInt());
        };
    }

    /** Where the answer comes from to a packet that left for an address. */
    Entrance answering(Sent sent) {
        boolean isRemote = sent.port == PortId.UPLINK && peerOfTunnel.values().stream()
            .anyMatch(peer -> has(peer, sent.packet.destination()));
        return new Entrance(sent.port, isRemote ? tunnelTo(sent.packet.destination()).vtepIp().toInt() : 0);
    }

    private PeerSpec tunnelTo(int address) {
        return peerOfTunnel.values().stream().filter(peer -> has(peer, address)).findFirst().orElseThrow();
    }

    private static boolean has(PeerSpec peer, int address) {
        IpAddress ip = IpAddress.ipv4(address);
        return peer.podCidr().contains(ip) || peer.nodeAddresses().contains(ip);
    }

    /** Sends one packet and returns every frame that leaves because of it. */
    List<Sent> send(Entrance entrance, byte[] packet) {
        if (!ports[entrance.port].offer(frame(entrance, packet))) { throw new IllegalStateException("no room"); }
        forward();
        List<Sent> sent = new ArrayList<>();
        for (MemoryPort port : ports) {
            for (MemoryPort.SentFrame frame = port.take(); frame != null; frame = port.take()) {
                sent.add(new Sent(port.id(), Frames.parse(frame.bytes())));
            }
        }
        return sent;
    }

    private byte[] frame(Entrance entrance, byte[] packet) {
        if (entrance.tunnelEndpoint != 0) {
            PeerSpec peer = peerOfTunnel.get(entrance.tunnelEndpoint);
            byte[] inner = Frames.ethernet(GATEWAY_MAC, peer.vtepMac(), packet);
            return Frames.ethernet(UPLINK_MAC, NEXT_HOP_MAC,
                Frames.vxlan(peer.vtepIp().toInt(), detached.local.address().toInt(), 1, inner));
        }
        return switch (entrance.port) {
            case PortId.HOST -> Frames.ethernet(GATEWAY_MAC, HOST_MAC, packet);
            case PortId.UPLINK -> Frames.ethernet(UPLINK_MAC, NEXT_HOP_MAC, packet);
            default -> Frames.ethernet(GATEWAY_MAC, POD_MAC + entrance.port, packet);
        };
    }

    private void forward() {
        int received;
        do {
            received = 0;
            for (Port port : ports) {
                received += port.receive(batch);
            }
            nowNanos += 1000;
            graph.process(batch, nowNanos);
            while (graph.resume(batch, nowNanos)) {
                // until nothing more can go on
            }
        } while (received > 0);
    }

    @Override
    public void close() {
        counterFile.close();
        detached.close();
    }
}
