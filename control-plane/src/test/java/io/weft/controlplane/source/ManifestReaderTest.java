package io.weft.controlplane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.Pod;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.MacAddress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestReaderTest {
    private static final long WRITTEN = 1_700_000_000_000L;

    @Test
    void readsANodeWithFlannelAnnotations() throws ManifestException {
        assertEquals(
            new ClusterNode("k1", WRITTEN, List.of(IpPrefix.of("10.244.3.0/24")),
                List.of(IpAddress.of("192.0.2.3")), "",
                Optional.of(new TunnelAnnotations(true, "vxlan", OptionalInt.of(1),
                    OptionalLong.of(MacAddress.of("02:00:00:00:00:03")), Optional.of(IpAddress.of("192.0.2.3")),
                    false)),
                List.of("its podCIDR fd00:3::/64 is not served", "its address fd00::3 is not used")),
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
        assertEquals(
            new Pod("shop", "web-0", ClusterObject.NOT_YET_CREATED, "n1", false, List.of(IpAddress.of("10.244.1.5"))),
            objects.get(0));
        assertEquals(
            Service.clusterIp("shop", "web", ClusterObject.NOT_YET_CREATED, List.of(IpAddress.of("10.96.0.10")),
                List.of(new Service.Port("http", 80, Protocol.TCP), new Service.Port("dns", 53, Protocol.UDP))),
            objects.get(1));
        assertEquals(new EndpointSlice("shop", "web-abc", "web", List.of(
            new Endpoint(List.of(IpAddress.of("10.244.1.5")), true, true, false, "n1"),
            new Endpoint(List.of(IpAddress.of("10.244.2.6")), false, true, true, "")),
            List.of(
                new EndpointSlice.Port("http", 8080, Protocol.TCP),
                new EndpointSlice.Port("dns", 5353, Protocol.UDP)),
            List.of()),
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
    void ignoresUnknownKinds() throws ManifestException {
        assertEquals(0, read("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}").size());
    }

    @Test
    void reportsSlicesOfOtherAddressFamiliesAsUnsupported() throws ManifestException {
        assertEquals(List.of("its endpoints of address type IPv6 are not served"), only("""
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-v6}
            addressType: IPv6
            endpoints: [{addresses: ["fd00::1"]}]
            """).unsupported());
    }

    @Test
    void headlessAndExternalNamesHaveNoAddress() throws ManifestException {
        for (Object object : read("""
            {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: None, clusterIPs: [None]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {type: ExternalName, externalName: example.org}}
            """)) {
            assertEquals(List.of(), ((Service) object).addresses().clusterIps());
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
        "{apiVersion: discovery.k8s.io/v1beta1, kind: EndpointSlice, metadata: {name: s}, addressType: IPv4}|1: EndpointSlice/s: apiVersion: must be discovery.k8s.io/v1, not \"discovery.k8s.io/v1beta1\"",
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s}, addressType: IPv4, endpoints: [{addresses: [\"fd00::1\"]}]}|1: EndpointSlice/s: endpoints[0].addresses[0]: must be an IPv4 address, as addressType says",
        "just text|1: must have fields",
        "a: [|1: not YAML: expected the node content, but found '<stream end>'",
        "{apiVersion: v1, kind: Pod, metadata: {name: a}}\\n---\\n{apiVersion: v1, kind: Pod, metadata: {name: a}}|3: Pod/a: is in this file twice; the first, on line 1, counts",
    })
    void errorsNameFileLineObjectAndField(String content, String expected) {
        assertEquals(List.of("f.yaml:" + expected), errors(content.replace("\\n", "\n")));
    }

    @Test
    void reportsEveryWrongObjectOfAFile() {
        assertEquals(List.of(
            "f.yaml:1: Pod/A: metadata.name: must be lower-case letters, digits, - and ., not \"A\"",
            "f.yaml:3: Pod/b: spec.hostNetwork: must be true or false, not \"maybe\""), errors("""
                {apiVersion: v1, kind: Pod, metadata: {name: A}}
                ---
                {apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {hostNetwork: maybe}}
                """));
    }

    // -- as kubectl reads it -----------------------------------------------------------------------------------------

    @Test
    void ignoresKindsOfOtherApiGroups() throws ManifestException {
        ManifestContent content = content("""
            {apiVersion: v1, kind: Service, metadata: {name: plain}, spec: {clusterIP: 10.96.0.60, ports: [{port: 80}]}}
            ---
            {apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: fn}, spec: {template: {}}}
            ---
            {apiVersion: longhorn.io/v1beta2, kind: Node, metadata: {name: n1}, spec: {allowScheduling: true}}
            ---
            {apiVersion: example.org/v1, kind: ServiceList, items: [{metadata: {name: x}}]}
            """);
        assertEquals(List.of(), content.errors());
        assertEquals("[Service default/plain]", content.objects().keySet().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{apiVersion: v1, kind: ServiceList, items: [{metadata: {name: a}, spec: {clusterIP: 10.96.0.1}}]}",
        "{apiVersion: v1, kind: NodeList, items: [{metadata: {name: a}}]}",
        "{apiVersion: v1, kind: PodList, items: [{apiVersion: v1, kind: Pod, metadata: {name: a}}]}",
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSliceList, items: [{metadata: {name: a}, addressType: IPv4}]}",
        "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: PodList, items: [{metadata: {name: a}}]}]}"})
    void typedListsGiveTheirItemsKindAndVersion(String list) throws ManifestException {
        assertEquals("a", only(list).key().name());
    }

    @Test
    void anEmptyNamespaceIsTheDefaultOne() throws ManifestException {
        assertEquals("Pod default/a", only("{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: \"\"}}").key()
            .toString());
    }

    @Test
    void appliesMergeKeysAndPrefersOwnKeys() throws ManifestException {
        Service service = (Service) only("""
            apiVersion: v1
            kind: Service
            metadata: {name: form-merge}
            spec:
              clusterIP: 10.96.0.63
              ports:
              - &web {name: a, port: 80, protocol: UDP}
              - {<<: *web, name: b, port: 81}
              - {name: c, <<: [{port: 82}, *web]}
            """);
        assertEquals(List.of(new Service.Port("a", 80, Protocol.UDP), new Service.Port("b", 81, Protocol.UDP),
            new Service.Port("c", 82, Protocol.UDP)), service.ports());
    }

    @Test
    void reportsAMappingThatMergesItself() throws ManifestException {
        assertEquals(List.of("f.yaml:1: merges (<<) itself"), errors("&a {<<: *a}"));
    }

    @Test
    void warnsOfADuplicateKeyAndUsesTheLast() throws ManifestException {
        ManifestContent content = content("""
            apiVersion: v1
            kind: Service
            metadata: {name: a}
            spec:
              clusterIP: 10.96.0.1
              clusterIP: 10.96.0.2
            """);
        assertEquals(List.of(IpAddress.of("10.96.0.2")),
            ((Service) content.objects().values().iterator().next()).addresses().clusterIps());
        assertEquals(List.of("f.yaml:6: spec.clusterIP: is given twice; the last counts"), content.warnings());
    }

    @ParameterizedTest
    @CsvSource({"80,80", "0x50,80", "0120,80", "0o120,80", "0b1010000,80", "8_0,80", "+80,80", "8e1,80", "80.0,80",
        "!!int \"80\",80"})
    void parsesNumbersOfYaml11(String text, int port) throws ManifestException {
        Service service = (Service) only("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: "
            + "10.96.0.1, ports: [{port: " + text + "}]}}");
        assertEquals(port, service.ports().getFirst().port());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "metadata: {name: 80}|metadata.name: must be text; put quotes around 80",
        "metadata: {name: on}|metadata.name: must be text; put quotes around on",
        "metadata: {name: a, namespace: 1e3}|metadata.namespace: must be text; put quotes around 1e3",
        "metadata: {name: a, namespace: Shop}|metadata.namespace: must be lower-case letters, digits and -, at most 63, not \"Shop\"",
        "metadata: {name: a, creationTimestamp: soon}|metadata.creationTimestamp: must be a time such as 2026-01-31T08:00:00Z, not \"soon\"",
        "metadata: {name: a}, spec: {hostNetwork: \"true\"}|spec.hostNetwork: must be true or false, not \"true\" in quotes",
    })
    void reportsWhatTheApiWouldRefuse(String fields, String expected) throws ManifestException {
        List<String> errors = errors("{apiVersion: v1, kind: Pod, " + fields + "}");
        assertEquals(1, errors.size());
        assertTrue(errors.getFirst().endsWith(": " + expected), errors.toString());
    }

    @Test
    void aQuotedPortIsNotANumber() throws ManifestException {
        assertEquals(List.of("f.yaml:1: Service/a: spec.ports[0].port: must be a number from 1 to 65535, not \"80\" in"
            + " quotes"),
            errors("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: \"80\"}]}}"));
    }

    @Test
    void parsesBooleansOfYaml11() throws ManifestException {
        assertTrue(((Pod) only("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostNetwork: yes}}"))
            .hostNetwork());
    }

    @Test
    void ignoresByteOrderMarksCarriageReturnsAndEmptyDocuments() throws ManifestException {
        assertEquals(2, read("\uFEFFapiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: a\r\n---\r\n---\r\n\uFEFF"
            + "apiVersion: v1\r\nkind: Pod\r\nmetadata: {name: b}\r\n").size());
    }

    @Test
    void jsonMayBeIndentedByTabs() throws ManifestException {
        assertEquals(1,
            read("{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"a\"}\n}\n")
                .size());
    }

    @Test
    void treatsNullAsAbsent() throws ManifestException {
        assertEquals(new EndpointSlice("default", "a", "", List.of(), List.of(), List.of()), only("""
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a, labels: null, namespace: null},
             addressType: IPv4, endpoints: null, ports: null}
            """));
        assertEquals(0, read("{apiVersion: v1, kind: List, items: null}").size());
        assertEquals(List.of(), errors("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: \"\","
            + " ports: [{port: 1, protocol: \"\", name: null}]}}"));
    }

    @Test
    void readsDeepObjectsOfOtherKindsAndManyAliases() throws ManifestException {
        String deep = "{a: ".repeat(200) + "1" + "}".repeat(200);
        StringBuilder text = new StringBuilder("apiVersion: example.org/v1\nkind: Deep\nspec: " + deep + "\n---\n"
            + "apiVersion: v1\nkind: List\nitems:\n- &p {apiVersion: v1, kind: Pod, metadata: {name: p}}\n");
        for (int i = 0; i < 200; i++) {
            text.append("- {<<: *p, metadata: {name: p").append(i).append("}}\n");
        }
        assertEquals(201, read(text.toString()).size());
    }

    @Test
    void ignoresServicesAndSlicesOfAnotherProxy() throws ManifestException {
        assertEquals(0,
            read(
                """
                    {apiVersion: v1, kind: Service, metadata: {name: a, labels: {service.kubernetes.io/service-proxy-name: mesh}},
                     spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}
                    ---
                    {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
                     metadata: {name: b, labels: {service.kubernetes.io/service-proxy-name: mesh}}}
                    ---
                    {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
                     metadata: {name: c, labels: {service.kubernetes.io/headless: ""}}}
                    """)
                .size());
    }

    @Test
    void aFinishedPodHasNoAddress() throws ManifestException {
        assertEquals(List.of(),
            ((Pod) only("{apiVersion: v1, kind: Pod, metadata: {name: a}, status: {phase: Succeeded,"
                + " podIP: 10.244.1.5}}")).podIps());
    }

    @Test
    void readsTheCreationTimeOrTakesItFromANodesManifest() throws ManifestException {
        assertEquals(1_769_846_400_000L, ((ClusterNode) only("{apiVersion: v1, kind: Node, metadata: {name: a,"
            + " creationTimestamp: \"2026-01-31T08:00:00Z\"}}")).createdMillis());
        assertEquals(1_769_846_400_000L, ((ClusterNode) only("{apiVersion: v1, kind: Node, metadata: {name: a,"
            + " creationTimestamp: 2026-01-31T08:00:00Z}}")).createdMillis());
        assertEquals(WRITTEN, ((ClusterNode) only("{apiVersion: v1, kind: Node, metadata: {name: a}}"))
            .createdMillis());
    }

    private static ManifestContent content(String content) throws ManifestException {
        return ManifestReader.read("f.yaml", content, WRITTEN);
    }

    private static List<String> errors(String content) {
        try {
            return content(content).errors();
        } catch (ManifestException e) {
            return e.errors();
        }
    }

    private static Collection<ClusterObject> read(String content) throws ManifestException {
        assertEquals(List.of(), content(content).errors());
        return content(content).objects().values();
    }

    private static ClusterObject only(String content) throws ManifestException {
        return read(content).iterator().next();
    }
}
