package io.weft.perf.change;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.model.TunnelAnnotations;
import io.weft.encap.address.MacAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The objects of a {@link BenchCluster} as the Kubernetes API takes them. Stateless. */
final class ApiObjects {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ApiObjects() {
    }

    /** The path of the collection in which such an object is created. */
    static String collection(ClusterObject object) {
        return switch (object) {
            case ClusterNode _ -> "/api/v1/nodes";
            case Service service -> "/api/v1/namespaces/" + service.namespace() + "/services";
            case EndpointSlice slice ->
                "/apis/discovery.k8s.io/v1/namespaces/" + slice.namespace() + "/endpointslices";
            default -> throw new IllegalArgumentException("a cluster of the benchmark has no " + object.key());
        };
    }

    static String json(ClusterObject object) {
        try {
            return JSON.writeValueAsString(switch (object) {
                case ClusterNode node -> node(node);
                case Service service -> service(service);
                case EndpointSlice slice -> slice(slice);
                default -> throw new IllegalArgumentException("a cluster of the benchmark has no " + object.key());
            });
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps and lists are JSON", e);
        }
    }

    private static Map<String, Object> node(ClusterNode node) {
        Map<String, String> annotations = new HashMap<>();
        node.tunnel().ifPresent(tunnel -> {
            annotations.put(TunnelAnnotations.SUBNET_MANAGER, "true");
            annotations.put(TunnelAnnotations.BACKEND_TYPE, tunnel.backendType());
            annotations.put(TunnelAnnotations.PUBLIC_IP, tunnel.publicIp().orElseThrow().toString());
            annotations.put(TunnelAnnotations.BACKEND_DATA, "{\"VNI\":%d,\"VtepMAC\":\"%s\"}".formatted(
                tunnel.vni().orElseThrow(), MacAddress.format(tunnel.vtepMac().orElseThrow())));
        });
        String podCidr = node.podCidrs().getFirst().toString();
        return Map.of("apiVersion", "v1", "kind", "Node",
            "metadata", Map.of("name", node.name(), "annotations", annotations),
            "spec", Map.of("podCIDR", podCidr, "podCIDRs", List.of(podCidr)),
            "status", Map.of("addresses", List.of(
                Map.of("type", "InternalIP", "address", node.internalIps().getFirst().toString()))));
    }

    /** Without a selector. */
    private static Map<String, Object> service(Service service) {
        String ip = service.addresses().clusterIps().getFirst().toString();
        List<Map<String, Object>> ports = service.ports().stream().map(port -> Map.<String, Object>of("name",
            port.name(), "port", port.port(), "protocol", port.protocol().name())).toList();
        return Map.of("apiVersion", "v1", "kind", "Service",
            "metadata", Map.of("name", service.name(), "namespace", service.namespace()),
            "spec", Map.of("type", service.type(), "clusterIP", ip, "clusterIPs", List.of(ip), "ports", ports));
    }

    private static Map<String, Object> slice(EndpointSlice slice) {
        List<Map<String, Object>> endpoints = slice.endpoints().stream().map(endpoint -> Map.of("addresses",
            endpoint.addresses().stream().map(Object::toString).toList(), "conditions",
            Map.of("ready", true, "serving", true, "terminating", false), "nodeName", endpoint.nodeName())).toList();
        List<Map<String, Object>> ports = slice.ports().stream().map(port -> Map.<String, Object>of("name",
            port.name(), "port", port.port(), "protocol", port.protocol().name())).toList();
        return Map.of("apiVersion", "discovery.k8s.io/v1", "kind", "EndpointSlice",
            "metadata", Map.of("name", slice.name(), "namespace", slice.namespace(), "labels",
                Map.of("kubernetes.io/service-name", slice.serviceName())),
            "addressType", "IPv4", "endpoints", endpoints, "ports", ports);
    }
}
