package io.weft.dataplane.explain;

import io.weft.dataplane.counters.AdjacencyKind;
import io.weft.dataplane.counters.AdjacencyStatus;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSnapshot;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceSpec;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What the numbers in tables and flow entries stand for, for readers. Cold code. */
public final class NodeNames {
    private final TablesReader tables;
    private final TablesSnapshot snapshot;
    private final Map<Integer, String> devices;
    private final Map<Integer, AdjacencyStatus> adjacencies = new HashMap<>();
    private final Map<String, String> pods;
    private Map<String, String> services;
    private Map<String, String> nodes;

    /**
     * @param devices of the open ports, by port id
     * @param pods {@code namespace/name} by address
     */
    public NodeNames(TablesReader tables, Map<Integer, String> devices, List<AdjacencyStatus> adjacencies,
        Map<String, String> pods) {
        this.tables = tables;
        snapshot = tables.snapshot();
        this.devices = Map.copyOf(devices);
        adjacencies.forEach(adjacency -> this.adjacencies.put(adjacency.slot(), adjacency));
        this.pods = Map.copyOf(pods);
    }

    /** The names of the node that runs on a run directory; the counters are only read now, the tables must stay open. */
    public static NodeNames of(TablesReader tables, CounterReader counters, Path runDirectory) {
        Map<Integer, String> devices = new HashMap<>();
        for (PortStatus port : counters.ports()) {
            if (port.state() == PortState.UP) {
                devices.put(port.id(), port.name());
            }
        }
        return new NodeNames(tables, devices, counters.adjacencies(), PodNames.read(runDirectory));
    }

    /** The id of the open port that is meant: {@code uplink}, a device or a number. */
    public Optional<Integer> portId(String name) {
        if (name.equals("uplink")) { return Optional.of(PortId.UPLINK); }
        return devices.entrySet().stream()
            .filter(each -> each.getValue().equals(name) || each.getKey().toString().equals(name))
            .map(Map.Entry::getKey).findFirst();
    }

    /** {@code namespace/name} of the pod behind a port, as far as the control plane has said, or empty. */
    public String podName(int portId) {
        return pod(portId).map(spec -> pods.getOrDefault(spec.podIp().toString(), "")).orElse("");
    }

    /** Open ports, by id. */
    public Map<Integer, String> devices() {
        return devices;
    }

    List<PeerSpec> peers() {
        return snapshot.peers();
    }

    public Optional<PortSpec> pod(int portId) {
        return snapshot.ports().stream().filter(spec -> spec.id() == portId).findFirst();
    }

    /** The port of a pod of this node: {@code namespace/name} or an address. */
    public Optional<PortSpec> pod(String nameOrAddress) {
        return snapshot.ports().stream().filter(spec -> nameOrAddress.equals(spec.podIp().toString())
            || nameOrAddress.equals(pods.get(spec.podIp().toString()))).findFirst();
    }

    /** The device, and the pod behind it. */
    public String port(int portId) {
        String device = devices.getOrDefault(portId, portId == PortId.UPLINK ? "uplink" : "port " + portId);
        return device + pod(portId).map(spec -> " (" + address(spec.podIp().toInt()) + ")").orElse("");
    }

    /** With the pod that has the address, if it is known. */
    String address(int address) {
        String text = Ipv4Address.format(address);
        String pod = pods.get(text);
        return pod == null ? text : text + " " + pod;
    }

    String endpoint(int address, int port) {
        String pod = pods.get(Ipv4Address.format(address));
        return FlowText.endpoint(address, port) + (pod == null ? "" : " " + pod);
    }

    String ingress(int ingress) {
        return Ingress.isTunnel(ingress) ? "the tunnel from " + peer(Ingress.peer(ingress)) : port(ingress);
    }

    String peer(int tunnel) {
        return snapshot.peers().stream().filter(peer -> peer.tunnel() == tunnel).findFirst()
            .map(peer -> "node " + peer.nodeName() + " " + peer.vtepIp()).orElse("peer " + tunnel);
    }

    /** The entry of the tables that decides where an address is. */
    String route(long route, int address) {
        return switch (Route.kind(route)) {
            case Route.LOCAL_PORT -> Ipv4Address.format(address) + "/32 local-port " + port(Route.index(route));
            case Route.PEER -> (Route.isOfOperator(route) ? staticRoute(address)
                : prefixOf(Route.index(route), address)) + " peer " + peer(Route.index(route));
            case Route.PEER_NODE -> Ipv4Address.format(address) + "/32 peer-node " + peer(Route.index(route));
            case Route.LOCAL_NODE -> Ipv4Address.format(address) + "/32 local-node: this node";
            case Route.GATEWAY -> Ipv4Address.format(address) + "/32 gateway: the pods' gateway";
            case Route.NO_SUCH_POD ->
                tables.local().podCidr() + " no-such-pod: in this node's podCIDR, but no pod has it";
            case Route.NO_SUCH_NODE ->
                tables.local().clusterCidr() + " no-such-node: in the cluster's CIDR, but no node has it";
            case Route.SERVICE -> "service: in a service CIDR";
            case Route.VIA -> staticRoute(address) + " via " + Ipv4Address.format(Route.index(route));
            case Route.BLACKHOLE, Route.UNREACHABLE, Route.PROHIBIT -> staticRoute(address);
            default -> "0.0.0.0/0 outside: not in the tables, the kernel's routes apply";
        };
    }

    private String staticRoute(int address) {
        return tables.staticRoutes().stream().filter(route -> route.prefix().contains(IpAddress.ipv4(address)))
            .max(Comparator.comparingInt(route -> route.prefix().length()))
            .map(route -> route.prefix() + " static-" + route.kind().name().toLowerCase(Locale.ROOT)
                + ": an operator's route")
            .orElse(Ipv4Address.format(address));
    }

    private String prefixOf(int tunnel, int address) {
        return snapshot.peers().stream()
            .filter(peer -> peer.tunnel() == tunnel && peer.podCidr().contains(IpAddress.ipv4(address))).findFirst()
            .map(peer -> peer.podCidr().toString()).orElse(Ipv4Address.format(address));
    }

    String egress(int egress) {
        int index = Egress.index(egress);
        return switch (Egress.kind(egress)) {
            case Egress.PORT -> "port " + port(index);
            case Egress.PUNT -> "the node's own stack";
            case Egress.TUNNEL -> "tunnel, " + adjacency(index);
            case Egress.UPLINK -> "uplink, " + adjacency(index);
            case Egress.NO_ROUTE -> "nowhere: no route";
            default -> "nowhere";
        };
    }

    String adjacency(int slot) {
        AdjacencyStatus known = adjacencies.get(slot);
        if (known == null) { return "adjacency " + slot; }
        return "adjacency " + slot + (known.kind() == AdjacencyKind.TUNNEL ? " node " + known.name() + " "
            + Ipv4Address.format(known.ip()) : "") + " by next hop " + Ipv4Address.format(known.nextHop()) + " "
            + (known.resolved() ? MacAddress.format(known.mac()) : "unresolved");
    }

    /**
     * The pod, Service or node behind an address and port, for {@link FrameText}; empty if it has no name. Services are those at the first call.
     *
     * @param protocol of IPv4
     * @param port negative for none
     */
    String ofEndpoint(int address, int protocol, int port) {
        String text = Ipv4Address.format(address);
        String pod = pods.get(text);
        if (pod != null) { return pod; }
        String service = services().get(FlowText.endpoint(address, port) + "/" + protocol);
        return service == null ? nodes().getOrDefault(text, "") : service;
    }

    private Map<String, String> services() {
        if (services == null) {
            services = new HashMap<>();
            tables.renewed().services().forEach(spec -> {
                if (!spec.key().isOnNode() && spec.key().vip().isIpv4()) {
                    services.put(FlowText.endpoint(spec.key().vip().toInt(), spec.key().port()) + "/"
                        + spec.key().protocol(), spec.name());
                }
            });
        }
        return services;
    }

    private Map<String, String> nodes() {
        if (nodes == null) {
            nodes = new HashMap<>();
            snapshot.peers().forEach(peer -> peer.nodeAddresses()
                .forEach(address -> nodes.put(address.toString(), "node " + peer.nodeName())));
            snapshot.local().ifPresent(local -> nodes.put(local.address().toString(), "node " + local.name()));
        }
        return nodes;
    }

    /** The frontend with a key, or the one of a port of the node's own addresses. */
    Optional<ServiceSpec> service(int address, int port, int protocol) {
        ServiceSpec[] found = new ServiceSpec[2];
        tables.renewed().services().forEach(spec -> {
            if (spec.key().port() == port && spec.key().protocol() == protocol) {
                if (spec.key().isOnNode()) {
                    found[1] = spec;
                } else if (spec.key().vip().isIpv4() && spec.key().vip().toInt() == address) {
                    found[0] = spec;
                }
            }
        });
        return Optional.ofNullable(found[0]).or(() -> Optional.ofNullable(found[1]));
    }

    static String frontend(ServiceSpec spec) {
        return (spec.key().isOnNode() ? "node" : spec.key().vip().toString()) + ":" + spec.key().port() + " "
            + FrameText.name(spec.key().protocol()) + " of " + spec.name() + " (" + FrontendKind.name(spec.kind())
            + ", policy " + (spec.policyLocal() ? "Local" : "Cluster") + ")";
    }
}
