package io.weft.controlplane.view;

import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.dataplane.counters.AdjacencyKind;
import io.weft.dataplane.counters.AdjacencyStatus;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.StaticRoute;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSnapshot;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** {@code weft show routes}, {@code neighbours}, {@code tunnels} and {@code annotations}. */
public final class NodeTables {
    private NodeTables() {
    }

    /** In the order of the tables; the longest prefix wins. Pods have their names. */
    static Table routes(TablesReader reader, Map<String, String> podNames) {
        TablesSnapshot tables = reader.snapshot();
        Table table = View.ROUTES.newTable();
        tables.local().ifPresent(local -> addLocal(table, local));
        for (PortSpec port : tables.ports()) {
            table.add(IpPrefix.single(port.podIp()).toString(), "local-port",
                ("port " + port.id() + " " + port.ifName() + " " + podNames.getOrDefault(port.podIp().toString(), ""))
                    .stripTrailing(),
                "");
        }
        for (PeerSpec peer : tables.peers()) {
            table.add(peer.podCidr().toString(), "peer", peer.nodeName() + " " + peer.vtepIp(), "");
            peer.nodeAddresses()
                .forEach(address -> table.add(IpPrefix.single(address).toString(), "peer-node", peer.nodeName(), ""));
        }
        reader.staticRoutes().forEach(route -> table.add(route.prefix().toString(),
            "static-" + route.kind().name().toLowerCase(Locale.ROOT), target(route, tables), "static"));
        return table;
    }

    private static String target(StaticRoute route, TablesSnapshot tables) {
        return switch (route.kind()) {
            case VIA -> Ipv4Address.format(route.target());
            case NODE -> tables.peers().stream().filter(peer -> peer.tunnel() == route.target()).findFirst()
                .map(peer -> peer.nodeName() + " " + peer.vtepIp()).orElse("");
            case BLACKHOLE -> "dropped";
            case UNREACHABLE, PROHIBIT -> "rejected";
        };
    }

    private static void addLocal(Table table, LocalNode local) {
        table.add(IpPrefix.single(local.address()).toString(), "local-node", local.name(), "");
        table.add(IpPrefix.single(local.base()).toString(), "local-node", local.name(), "");
        table.add(IpPrefix.single(local.gateway()).toString(), "gateway", "the pods' gateway", "");
        table.add(local.podCidr().toString(), "no-such-pod", "rejected", "");
        table.add(local.clusterCidr().toString(), "no-such-node", "rejected", "");
        local.serviceCidrs().forEach(cidr -> table.add(cidr.toString(), "service", "services", ""));
        table.add("0.0.0.0/0", "outside",
            local.masquerade() ? "masqueraded as " + local.address() : "as is", "");
    }

    static Table neighbours(CounterReader counters) {
        Table table = View.NEIGHBOURS.newTable();
        for (AdjacencyStatus adjacency : counters.adjacencies()) {
            table.add(adjacency.slot(), adjacency.kind().name().toLowerCase(Locale.ROOT),
                Ipv4Address.format(adjacency.ip()),
                Ipv4Address.format(adjacency.nextHop()), adjacency.resolved() ? MacAddress.format(adjacency.mac()) : "",
                state(adjacency), adjacency.name());
        }
        return table;
    }

    static Table tunnels(NodeFiles files) {
        Map<IpAddress, AdjacencyStatus> byEndpoint = new HashMap<>();
        files.counters().ifPresent(counters -> counters.adjacencies().stream()
            .filter(adjacency -> adjacency.kind() == AdjacencyKind.TUNNEL)
            .forEach(adjacency -> byEndpoint.put(IpAddress.ipv4(adjacency.ip()), adjacency)));
        Table table = View.TUNNELS.newTable();
        for (PeerSpec peer : files.requireTables().snapshot().peers()) {
            AdjacencyStatus adjacency = byEndpoint.get(peer.vtepIp());
            table.add(peer.nodeName(), peer.vtepIp().toString(), MacAddress.format(peer.vtepMac()),
                peer.podCidr().toString(), peer.weft() ? "weft" : "flannel",
                adjacency == null ? "" : Ipv4Address.format(adjacency.nextHop()),
                adjacency == null ? "unknown" : state(adjacency));
        }
        return table;
    }

    /** What this node's Node object should contain. */
    static Table annotations(NodeFiles files) {
        Map<String, String> annotations = files.controlPlane().map(ControlPlaneStatus::annotations).orElse(Map.of());
        if (annotations.isEmpty()) {
            throw new UnavailableException("the control plane has not described this node yet; weft status says why");
        }
        Table table = View.ANNOTATIONS.newTable();
        annotations.forEach(table::add);
        return table;
    }

    private static String state(AdjacencyStatus adjacency) {
        return adjacency.resolved() ? "resolved" : "unresolved";
    }
}
