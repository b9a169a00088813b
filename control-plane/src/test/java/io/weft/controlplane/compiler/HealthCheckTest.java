package io.weft.controlplane.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.controlplane.healthcheck.HealthCheckNodePort;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ManifestFixture;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.encap.address.IpAddress;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What health check ports tell, from manifests. */
class HealthCheckTest {
    private static final String NODE = "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDR: 10.244.1.0/24},"
        + " status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}}\n---\n";
    private static final String SLICES = """
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: a-1, labels: {kubernetes.io/service-name: a}}
        addressType: IPv4
        ports: [{name: http, port: 80}, {name: tls, port: 443}]
        endpoints:
        - {addresses: [10.244.1.2], nodeName: n1}
        - {addresses: [10.244.1.3], nodeName: n1, conditions: {ready: false, terminating: true}}
        - {addresses: [10.244.1.4]}
        - {addresses: [10.244.2.2], nodeName: n2}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: a-2, labels: {kubernetes.io/service-name: a}}
        addressType: IPv4
        ports: [{name: http, port: 80}]
        endpoints: [{addresses: [10.244.1.2], nodeName: n1}, {addresses: [10.244.1.5], nodeName: n1}]
        """;

    @Test
    void countsEachReadyAddressOfThisNodeOnce() throws Exception {
        assertEquals(List.of(new HealthCheckNodePort("default", "a", 32_000, Set.of(IpAddress.of("192.0.2.1")), 2)),
            checks(NODE + service("a", "LoadBalancer", "Local", 32_000) + SLICES));
    }

    @Test
    void onlyALoadBalancerWithPolicyLocalHasOne() throws Exception {
        assertEquals(List.of(), checks(NODE + service("a", "LoadBalancer", "Cluster", 32_000) + "---\n"
            + service("b", "NodePort", "Local", 32_001) + "---\n" + service("c", "LoadBalancer", "Local", 0)));
    }

    @Test
    void thePortOfTwoServicesBelongsToOne() throws Exception {
        assertEquals(List.of(new HealthCheckNodePort("default", "b", 32_000, Set.of(IpAddress.of("192.0.2.1")), 0)),
            checks(NODE + service("c", "LoadBalancer", "Local", 32_000) + "---\n"
                + service("b", "LoadBalancer", "Local", 32_000)));
    }

    private static String service(String name, String type, String policy, int port) {
        return "{apiVersion: v1, kind: Service, metadata: {name: %s}, spec: {type: %s, clusterIP: 10.96.0.%d, ports: [{port: 80}], externalTrafficPolicy: %s, healthCheckNodePort: %d}}%n"
            .formatted(name, type, name.charAt(0) - 'a' + 1, policy, port);
    }

    private static Collection<HealthCheckNodePort> checks(String manifests) throws Exception {
        NodeConfiguration configuration = NodeConfiguration.of(Map.of("nodeName", "n1", "uplink", "eth1"));
        TableCompiler compiler = TableCompiler.Factory.of(configuration, new NodeFacts(1500, Optional.empty(), 1))
            .create(Optional.empty(), List.of());
        for (ClusterChange step : ManifestFixture.steps(manifests)) {
            compiler.apply(step, new DesiredTables());
        }
        return compiler.healthChecks();
    }
}
