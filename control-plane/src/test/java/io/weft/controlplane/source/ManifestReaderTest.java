package io.weft.controlplane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.Pod;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.Ipv4Prefix;
import io.weft.encap.address.MacAddress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ManifestReaderTest {
    @Test
    void readsANodeWithFlannelAnnotations() throws ManifestException {
        assertEquals(
            new ClusterNode("k1", List.of(Ipv4Prefix.of("10.244.3.0/24")), List.of(Ipv4Address.of("192.0.2.3")),
                Optional.of(new TunnelAnnotations(true, "vxlan", OptionalInt.of(1),
                    OptionalLong.of(MacAddress.of("02:00:00:00:00:03")), OptionalInt.of(Ipv4Address.of("192.0.2.3")),
                    false))),
            only("""
                apiVersion: v1
                kind: Node
                metadata:
                  name: k1
                  annotations:
                    flannel.alpha.coreos.com/kube-subnet-manager: "true"
                    flannel.alpha.coreos.com/backend-type: vxlan
                    flannel.alpha.coreos.com/backend-data: '{"VNI":1,"VtepMAC":"02:00:00:00:00:03"}'
                    flannel.alpha.coreos.com/public-ip: 192.0.2.3
                spec:
                  podCIDR: 10.244.3.0/24
                  podCIDRs: [10.244.3.0/24, "fd00:3::/64"]
                  taints: []
                status:
                  addresses:
                  - {type: Hostname, address: k1}
                  - {type: InternalIP, address: 192.0.2.3}
                  - {type: InternalIP, address: "fd00::3"}
                """));
    }

    @Test
    void readsAPodAServiceAndItsSliceFromOneFile() throws ManifestException {
        List<ClusterObject> objects = List.copyOf(read("""
            apiVersion: v1
            kind: Pod
            metadata: {name: web-0, namespace: shop}
            spec: {nodeName: n1}
            status: {podIP: 10.244.1.5, podIPs: [{ip: 10.244.1.5}]}
            ---
            # nothing here
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: shop}
            spec:
              clusterIP: 10.96.0.10
              ports:
              - {name: http, port: 80, targetPort: http}
              - {name: dns, port: 53, protocol: UDP, targetPort: 5353}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-abc, namespace: shop, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{name: http, port: 8080}, {name: dns, port: 5353, protocol: UDP}]
            endpoints:
            - {addresses: [10.244.1.5], nodeName: n1}
            - {addresses: [10.244.2.6], conditions: {ready: false, serving: true, terminating: true}}
            """));
        assertEquals(new Pod("shop", "web-0", "n1", false, List.of(Ipv4Address.of("10.244.1.5"))), objects.get(0));
        assertEquals(new Service("shop", "web", "ClusterIP", List.of(Ipv4Address.of("10.96.0.10")), List.of(
            new Service.Port("http", 80, Protocol.TCP), new Service.Port("dns", 53, Protocol.UDP))), objects.get(1));
        assertEquals(new EndpointSlice("shop", "web-abc", "web", List.of(
            new Endpoint(List.of(Ipv4Address.of("10.244.1.5")), true, true, false, "n1"),
            new Endpoint(List.of(Ipv4Address.of("10.244.2.6")), false, true, true, "")),
            List.of(
                new EndpointSlice.Port("http", 8080, Protocol.TCP),
                new EndpointSlice.Port("dns", 5353, Protocol.UDP))),
            objects.get(2));
    }

    @Test
    void readsTheItemsOfAList() throws ManifestException {
        assertEquals(2, read("""
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: Pod, metadata: {name: a}}
            - {apiVersion: v1, kind: Pod, metadata: {name: b}}
            """).size());
    }

    @Test
    void ignoresUnknownKindsAndSlicesOfOtherFamilies() throws ManifestException {
        assertEquals(0, read("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-v6}
            addressType: IPv6
            endpoints: [{addresses: ["fd00::1"]}]
            """).size());
    }

    @Test
    void headlessAndExternalNamesHaveNoAddress() throws ManifestException {
        for (Object object : read("""
            {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: None, clusterIPs: [None]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {type: ExternalName, externalName: example.org}}
            """)) {
            assertEquals(List.of(), ((Service) object).clusterIps());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{kind: Pod, metadata: {name: a}}|1: Pod/a: apiVersion: is missing",
        "{apiVersion: v2, kind: Pod, metadata: {name: a}}|1: Pod/a: apiVersion: must be v1, not \"v2\"",
        "{apiVersion: v1, metadata: {name: a}}|1: a: kind: is missing",
        "{apiVersion: v1, kind: Pod}|1: Pod: metadata: is missing",
        "apiVersion: v1\\nkind: Pod\\nmetadata:\\n  namespace: x|4: Pod: metadata.name: is missing",
        "apiVersion: v1\\nkind: Node\\nmetadata: {name: n1}\\nspec:\\n  podCIDR: 10.244.1.0|5: Node/n1: spec.podCIDR: must be an address prefix such as 10.244.1.0/24, not \"10.244.1.0\"",
        "apiVersion: v1\\nkind: Node\\nmetadata: {name: n1}\\nstatus:\\n  addresses:\\n  - {type: InternalIP, address: n1}|6: Node/n1: status.addresses[0].address: must be an IP address, not \"n1\"",
        "apiVersion: v1\\nkind: Service\\nmetadata: {name: s}\\nspec:\\n  ports:\\n  - port: 70000|6: Service/s: spec.ports[0].port: must be a number from 1 to 65535, not \"70000\"",
        "apiVersion: v1\\nkind: Service\\nmetadata: {name: s}\\nspec:\\n  ports:\\n  - {port: 7, protocol: tcp}|6: Service/s: spec.ports[0].protocol: must be one of TCP, UDP, SCTP, not \"tcp\"",
        "apiVersion: v1\\nkind: Service\\nmetadata: {name: s}\\nspec: {ports: 80}|4: Service/s: spec.ports: must be a list",
        "{apiVersion: v1, kind: EndpointSlice, metadata: {name: s}, addressType: IPv4}|1: EndpointSlice/s: apiVersion: must be discovery.k8s.io/v1, not \"v1\"",
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s}, addressType: IPv4, endpoints: [{addresses: [\"fd00::1\"]}]}|1: EndpointSlice/s: endpoints[0].addresses[0]: must be an IPv4 address, as addressType says",
        "just text|1: must hold fields",
        "a: [|1: not YAML: expected the node content, but found '<stream end>'",
        "{apiVersion: v1, kind: Pod, metadata: {name: a}}\\n---\\n{apiVersion: v1, kind: Pod, metadata: {name: a}}|3: Pod/a: is in this file twice",
    })
    void wrongOnesNameFileLineObjectAndField(String content, String expected) {
        ManifestException e = assertThrows(ManifestException.class, () -> read(content.replace("\\n", "\n")));
        assertEquals("f.yaml:" + expected, e.getMessage());
    }

    @Test
    void everyWrongObjectOfAFileIsNamed() {
        ManifestException e = assertThrows(ManifestException.class, () -> read("""
            {apiVersion: v1, kind: Pod, metadata: {name: A}}
            ---
            {apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {hostNetwork: maybe}}
            """));
        assertEquals(List.of(
            "f.yaml:1: Pod/A: metadata.name: must be lower-case letters, digits, - and ., not \"A\"",
            "f.yaml:3: Pod/b: spec.hostNetwork: must be true or false, not \"maybe\""), e.errors());
    }

    private static Collection<ClusterObject> read(String content) throws ManifestException {
        return ManifestReader.read("f.yaml", content).values();
    }

    private static ClusterObject only(String content) throws ManifestException {
        return read(content).iterator().next();
    }
}
