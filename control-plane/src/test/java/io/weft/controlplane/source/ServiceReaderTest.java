package io.weft.controlplane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.EndpointSlice.Hints;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.Service.Behaviour;
import io.weft.controlplane.model.ServiceCidr;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceReaderTest {
    private static final String SERVICE = "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {clusterIP: 10.96.0.1, ";

    @Test
    void readsEverythingThatDecidesHowClientsAreServed() throws ManifestException {
        assertEquals(new Service("shop", "web", ClusterObject.NOT_YET_CREATED, "LoadBalancer",
            new Service.Addresses(List.of(IpAddress.of("10.96.0.1")), List.of(IpAddress.of("203.0.113.1")),
                List.of(IpAddress.of("203.0.113.2"), IpAddress.of("203.0.113.3"))),
            List.of(new Service.Port("http", 80, Protocol.TCP, 30_080), new Service.Port("dns", 53, Protocol.UDP)),
            new Behaviour(true, true, 60, List.of(IpPrefix.of("198.51.100.0/25")), 32_000, true),
            List.of("external IP 2001:db8::1 is not served")), only("""
                apiVersion: v1
                kind: Service
                metadata: {name: web, namespace: shop, annotations: {weft.io/balancing: maglev}}
                spec:
                  type: LoadBalancer
                  clusterIPs: [10.96.0.1]
                  externalIPs: [203.0.113.1, "2001:db8::1"]
                  internalTrafficPolicy: Local
                  externalTrafficPolicy: Local
                  sessionAffinity: ClientIP
                  sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}
                  loadBalancerSourceRanges: [" 198.51.100.9/25 ", "2001:db8::/32"]
                  healthCheckNodePort: 32000
                  trafficDistribution: PreferSameNode
                  ports: [{name: http, port: 80, nodePort: 30080}, {name: dns, port: 53, protocol: UDP}]
                status:
                  loadBalancer:
                    ingress:
                    - {ip: 203.0.113.2}
                    - {ip: 203.0.113.3, ipMode: VIP}
                    - {ip: 203.0.113.4, ipMode: Proxy}
                    - {hostname: lb.example.org}
                """));
    }

    @Test
    void affinityLastsThreeHoursByDefault() throws ManifestException {
        assertEquals(10_800, behaviour("sessionAffinity: ClientIP").affinitySeconds());
        assertEquals(0, behaviour("sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}").affinitySeconds());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}|timeoutSeconds: must be a number from 1 to 86400, not \"0\"",
        "sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}|must be a number from 1 to 86400, not \"86401\"",
        "ports: [{port: 80, nodePort: 65536}]|spec.ports[0].nodePort: must be a number from 0 to 65535, not \"65536\"",
        "healthCheckNodePort: -1|spec.healthCheckNodePort: must be a number from 0 to 65535, not \"-1\"",
        "loadBalancerSourceRanges: [192.0.2.1]|spec.loadBalancerSourceRanges[0]: must be an address prefix such as 192.0.2.0/24, not \"192.0.2.1\"",
        "externalIPs: [here]|spec.externalIPs[0]: must be an IP address, not \"here\""})
    void namesAWrongField(String field, String error) {
        String message = errors(SERVICE + field + "}}").getFirst();
        assertTrue(message.contains(error), message);
    }

    @Test
    void anEndpointWithoutConditionsIsReadyAndServes() throws ManifestException {
        EndpointSlice slice = (EndpointSlice) only(
            """
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: s-1, labels: {kubernetes.io/service-name: s}}
                addressType: IPv4
                ports: [{name: http, port: 8080}, {name: none}]
                endpoints:
                - {addresses: [10.244.1.1], nodeName: n1}
                - {addresses: [10.244.1.2], conditions: {ready: null, serving: null, terminating: null}, nodeName: null, hints: null}
                - {addresses: [10.244.1.3], conditions: {ready: false}, hints: {forZones: [{name: a}, {name: b}], forNodes: [{name: n1}]}}
                """);
        assertEquals(List.of(
            new Endpoint(List.of(IpAddress.of("10.244.1.1")), true, true, false, "n1"),
            new Endpoint(List.of(IpAddress.of("10.244.1.2")), true, true, false, ""),
            new Endpoint(List.of(IpAddress.of("10.244.1.3")), false, true, false, "",
                new Hints(List.of("a", "b"), List.of("n1")))),
            slice.endpoints());
        assertEquals(List.of(new EndpointSlice.Port("http", 8080, Protocol.TCP)), slice.ports());
    }

    @Test
    void readsServiceCidrsAndTheZoneOfANode() throws ManifestException {
        assertEquals(new ServiceCidr("more", 1_767_323_045_000L, List.of(IpPrefix.of("10.97.0.0/16")),
            List.of("fd00::/112 is not served")),
            only("{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: more,"
                + " creationTimestamp: \"2026-01-02T03:04:05Z\"}, spec: {cidrs:"
                + " [10.97.0.0/16, \"fd00::/112\"]}}"));
        assertEquals("east", ((ClusterNode) only("{apiVersion: v1, kind: Node, metadata: {name: n1, labels:"
            + " {topology.kubernetes.io/zone: east}}}")).zone());
        assertEquals("", ((ClusterNode) only("{apiVersion: v1, kind: Node, metadata: {name: n1}}")).zone());
    }

    private static Behaviour behaviour(String field) throws ManifestException {
        return ((Service) only(SERVICE + field + "}}")).behaviour();
    }

    private static List<String> errors(String content) {
        try {
            return ManifestReader.read("f.yaml", content, 0).errors();
        } catch (ManifestException e) {
            return e.errors();
        }
    }

    private static ClusterObject only(String content) throws ManifestException {
        assertEquals(List.of(), errors(content));
        return ManifestReader.read("f.yaml", content, 0).objects().values().iterator().next();
    }
}
