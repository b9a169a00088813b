package io.weft.perf.change;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.tunnel.Encapsulation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The objects of a cluster, and one change of an endpoint after another: each takes one endpoint out of a Service, or puts the one that is
 * out back. Consecutive changes concern different Services; even ones are UDP, odd ones TCP.
 *
 * <pre>
 *   this node 192.0.2.1, pods 10.128.0.0/24     node n: 198.18.n, pods 10.128.0.0/24 + n networks
 *   Service s: 10.96.1.0 + s port 80            its endpoint e on node (s * endpoints + e) mod nodes, port 8080
 * </pre>
 *
 * <p>Thread: one changes it; addresses may be asked for by any.
 */
final class BenchCluster {
    static final String NODE = "bench";
    static final IpAddress NODE_ADDRESS = IpAddress.of("192.0.2.1");
    static final int NODE_BASE = Ipv4Address.of("10.128.0.0");
    static final String POD_CIDR = "10.128.0.0/24";
    static final String CLUSTER_CIDR = "10.128.0.0/10";
    static final String SERVICE_CIDR = "10.96.0.0/16";
    static final int SERVICE_PORT = 80;
    static final int ENDPOINT_PORT = 8080;
    private static final int FIRST_VIP = Ipv4Address.of("10.96.1.0");
    private static final int FIRST_PEER = Ipv4Address.of("198.18.0.1");
    private static final long FIRST_VTEP_MAC = 0x02_00_00_00_00_00L;
    private static final String NAMESPACE = "default";
    private static final String PORT_NAME = "p";
    private static final int PODS_PER_NODE = 250;
    private static final int STRIDE = 7919; // a prime: no number of Services is a multiple
    private static final int NONE = -1;

    private final int services;
    private final int endpoints;
    private final int nodes;
    private final int[] removed;
    private final int[] next;
    private long changes;

    /** With as many nodes as the endpoints need. */
    BenchCluster(int services, int endpoints) {
        this(services, endpoints, 0);
    }

    /** @param minNodes more if the endpoints need them */
    BenchCluster(int services, int endpoints, int minNodes) {
        this.services = services;
        this.endpoints = endpoints;
        nodes = Math.max(Math.max(1, minNodes), Math.ceilDiv(services * endpoints, PODS_PER_NODE));
        removed = new int[services];
        next = new int[services];
        Arrays.fill(removed, NONE);
    }

    int services() {
        return services;
    }

    int endpoints() {
        return endpoints;
    }

    int nodes() {
        return nodes;
    }

    static int vip(int service) {
        return FIRST_VIP + service;
    }

    static int protocol(int service) {
        return isUdp(service) ? IpProtocol.IPPROTO_UDP : IpProtocol.IPPROTO_TCP;
    }

    static boolean isUdp(int service) {
        return service % 2 == 0;
    }

    int nodeOf(int service, int endpoint) {
        return (service * endpoints + endpoint) % nodes;
    }

    int address(int service, int endpoint) {
        int number = service * endpoints + endpoint;
        return podCidr(number % nodes).base().toInt() + 2 + number / nodes;
    }

    /** Outer address of a node's tunnel endpoint. */
    static int tunnelEndpoint(int node) {
        return FIRST_PEER + node;
    }

    /** The endpoint that is out of the Service, or -1. */
    int removed(int service) {
        return removed[service];
    }

    /** Everything there is. */
    List<ClusterObject> all() {
        List<ClusterObject> all = new ArrayList<>();
        all.add(new ClusterNode(NODE, 0, List.of(IpPrefix.of(POD_CIDR)), List.of(NODE_ADDRESS), "", Optional.empty(),
            List.of()));
        for (int node = 0; node < nodes; node++) {
            TunnelAnnotations tunnel = new TunnelAnnotations(true, Encapsulation.VXLAN.label(), OptionalInt.of(1),
                OptionalLong.of(FIRST_VTEP_MAC + 1 + node), Optional.of(IpAddress.ipv4(tunnelEndpoint(node))), true);
            all.add(new ClusterNode("node-" + node, 0, List.of(podCidr(node)),
                List.of(IpAddress.ipv4(tunnelEndpoint(node))), "",
                Optional.of(tunnel), List.of()));
        }
        for (int service = 0; service < services; service++) {
            Service.Port port = new Service.Port(PORT_NAME, SERVICE_PORT, protocolOf(service));
            all.add(Service.clusterIp(NAMESPACE, name(service), 0, List.of(IpAddress.ipv4(vip(service))),
                List.of(port)));
            all.add(slice(service));
        }
        return all;
    }

    /** The next change of an endpoint. */
    Change next() {
        int service = (int) (changes++ * STRIDE % services);
        boolean removes = removed[service] == NONE;
        int endpoint = removes ? next[service] : removed[service];
        removed[service] = removes ? endpoint : NONE;
        next[service] = (endpoint + 1) % endpoints;
        return new Change(service, endpoint, removes, slice(service));
    }

    /** @param removes else it is back */
    record Change(int service, int endpoint, boolean removes, EndpointSlice slice) {
    }

    private EndpointSlice slice(int service) {
        List<Endpoint> all = new ArrayList<>();
        for (int endpoint = 0; endpoint < endpoints; endpoint++) {
            if (endpoint != removed[service]) {
                all.add(new Endpoint(List.of(IpAddress.ipv4(address(service, endpoint))), true, true, false,
                    "node-" + nodeOf(service, endpoint)));
            }
        }
        return new EndpointSlice(NAMESPACE, name(service) + "-1", name(service), all,
            List.of(new EndpointSlice.Port(PORT_NAME, ENDPOINT_PORT, protocolOf(service))), List.of());
    }

    private static IpPrefix podCidr(int node) {
        return new IpPrefix(IpAddress.ipv4(NODE_BASE + (node + 1 << 8)), 24);
    }

    private static Protocol protocolOf(int service) {
        return isUdp(service) ? Protocol.UDP : Protocol.TCP;
    }

    private static String name(int service) {
        return "service-" + service;
    }
}
