package io.weft.controlplane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.Namespace;
import io.weft.controlplane.source.ObjectTree.WrongField;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One reader for all formats: YAML in a file and the same JSON give the same objects and the same errors. */
class ObjectTreeTest {
    private static final long WRITTEN = 1_700_000_000_000L;

    /** JSON is valid YAML, so one text serves both formats. */
    private static final List<String> RIGHT = List.of(
        """
            {"apiVersion": "v1", "kind": "Node",
             "metadata": {"name": "k1", "creationTimestamp": "2026-01-31T08:00:00Z", "annotations": {
               "flannel.alpha.coreos.com/kube-subnet-manager": "true", "flannel.alpha.coreos.com/backend-type": "vxlan",
               "flannel.alpha.coreos.com/backend-data": "{\\"VNI\\":1,\\"VtepMAC\\":\\"02:00:00:00:00:03\\"}",
               "flannel.alpha.coreos.com/public-ip": "192.0.2.3"}},
             "spec": {"podCIDR": "10.244.3.0/24", "podCIDRs": ["10.244.3.0/24", "fd00:3::/64"], "taints": []},
             "status": {"addresses": [{"type": "Hostname", "address": "k1"}, {"type": "InternalIP", "address": "192.0.2.3"},
               {"type": "InternalIP", "address": "fd00::3"}]}}""",
        """
            {"apiVersion": "v1", "kind": "Namespace",
             "metadata": {"name": "shop", "labels": {"kubernetes.io/metadata.name": "shop", "team": ""}}}""",
        """
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bare"}}""",
        """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-0", "namespace": "shop", "labels": null},
             "spec": {"nodeName": "n1", "hostNetwork": true},
             "status": {"phase": "Running", "podIPs": [{"ip": "10.244.1.5"}, {"ip": "fd00::5"}]}}""",
        """
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
             "spec": {"type": "NodePort", "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10", "fd00:96::a"],
               "sessionAffinity": "ClientIP", "externalIPs": ["203.0.113.1"], "ports": [
               {"name": "http", "port": 80, "targetPort": "http", "nodePort": 30080},
               {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 5353}]}}""",
        """
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "headless"},
             "spec": {"clusterIP": "None", "ports": [{"port": 1.0}]}}""",
        """
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
             "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
             "endpoints": [{"addresses": ["10.244.1.5"], "conditions": {"ready": null}, "nodeName": "n1"},
               {"addresses": ["10.244.2.6"], "conditions": {"ready": false, "serving": true, "terminating": true}}],
             "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "any", "port": null}]}""",
        """
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "web-6"},
             "addressType": "IPv6", "endpoints": [{"addresses": ["fd00::6"]}]}""",
        """
            {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny"}}""");

    @Test
    void yamlAndJsonGiveTheSameObjects() throws Exception {
        for (String text : RIGHT) {
            ManifestContent content = ManifestReader.read("f.yaml", text, WRITTEN);
            assertEquals(List.of(), content.errors());
            assertEquals(List.copyOf(content.objects().values()), read(text).stream().toList());
        }
    }

    @Test
    void labelsIncludeThoseThatAreMerged() throws Exception {
        ManifestContent content = ManifestReader.read("f.yaml", """
            common: &common {team: a, tier: back}
            apiVersion: v1
            kind: Namespace
            metadata: {name: shop, labels: {<<: *common, tier: front}}
            """, WRITTEN);
        assertEquals(List.of(), content.errors());
        assertEquals(List.of(new Namespace("shop", Map.of("team", "a", "tier", "front"))),
            List.copyOf(content.objects().values()));
    }

    @Test
    void ignoresObjectsOfOtherProxiesInBothFormats() throws Exception {
        String text = """
            {"apiVersion": "v1", "kind": "Service",
             "metadata": {"name": "a", "labels": {"service.kubernetes.io/service-proxy-name": "mesh"}}}""";
        assertTrue(ManifestReader.read("f.yaml", text, WRITTEN).objects().isEmpty());
        assertTrue(read(text).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"a\", \"labels\": \"b\"}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"a\", \"labels\": {\"b\": true}}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": \"text\"}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": null}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": 7}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": true}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": {}}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"A\"}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\", \"creationTimestamp\": \"soon\"}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"hostNetwork\": \"true\"}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"hostNetwork\": 1}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}, \"status\": {\"podIP\": \"10.244.1.05\"}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}, \"status\": {\"podIP\": \"fe80::1%eth0\"}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {\"name\": \"n\"}, \"spec\": {\"podCIDRs\": [\"10.244.1.7/24\"]}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {\"name\": \"n\"}, \"status\": {\"addresses\": [{\"type\": \"InternalIP\", \"address\": \"n\"}]}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"s\"}, \"spec\": {\"ports\": 80}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"s\"}, \"spec\": {\"ports\": [{\"port\": 70000}]}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"s\"}, \"spec\": {\"ports\": [{\"port\": \"80\"}]}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"s\"}, \"spec\": {\"ports\": [{\"port\": 80.5}]}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"s\"}, \"spec\": {\"ports\": [{\"port\": 80, \"protocol\": \"tcp\"}]}}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"s\"}, \"spec\": {\"ports\": [{}]}}",
        "{\"apiVersion\": \"discovery.k8s.io/v1\", \"kind\": \"EndpointSlice\", \"metadata\": {\"name\": \"s\"}, \"addressType\": \"IPv4\", \"endpoints\": [{\"addresses\": [\"fd00::1\"]}]}",
        "{\"apiVersion\": \"discovery.k8s.io/v1\", \"kind\": \"EndpointSlice\", \"metadata\": {\"name\": \"s\"}, \"addressType\": \"IPv4\", \"endpoints\": [{}]}"})
    void theErrorsDifferOnlyInThePosition(String text) throws Exception {
        List<String> ofFile = ManifestReader.read("f.yaml", text, WRITTEN).errors();
        List<String> ofJson = new ArrayList<>();
        try {
            read(text);
        } catch (WrongField e) {
            assertEquals(0, e.line());
            ofJson.add(e.getMessage());
        }
        assertEquals(1, ofJson.size());
        assertEquals(1, ofFile.size());
        assertTrue(ofFile.getFirst().startsWith("f.yaml:1: ") && ofFile.getFirst().endsWith(": " + ofJson.getFirst()),
            ofFile + " and " + ofJson);
    }

    private static Optional<ClusterObject> read(String text) throws IOException {
        JsonTree object = tree(text);
        Kind kind = Kind.of(object.textAt("kind"), object.textAt("apiVersion")).orElseThrow();
        return ObjectReader.read(kind, object, WRITTEN);
    }

    private static JsonTree tree(String json) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            parser.nextToken();
            return JsonTree.read(parser);
        }
    }
}
