package io.weft.vmlab.lab;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Writes the lab's cluster objects as Kubernetes manifests into the directory that the nodes watch. */
public final class Manifests {
    private static final String NAMESPACE = "default";
    private final ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
    private final Path directory;

    /** A Service's port: {@code protocol} is TCP or UDP. */
    public record Port(String name, String protocol, int port, int targetPort) {}

    /**
     * How a Service is reached besides by its ClusterIP.
     *
     * @param firstNodePort NodePort of the first port, the others follow; 0 for none
     */
    public record Exposure(int firstNodePort, List<InetAddress> externalIps, List<InetAddress> loadBalancerIps) {
        private static final Exposure NONE = new Exposure(0, List.of(), List.of());

        public static Exposure nodePort(int first) {
            return new Exposure(first, List.of(), List.of());
        }

        private String type() {
            if (!loadBalancerIps.isEmpty()) { return "LoadBalancer"; }
            return firstNodePort == 0 ? "ClusterIP" : "NodePort";
        }
    }

    /** One endpoint of a Service. */
    public record Endpoint(InetAddress address, String node, boolean ready) {}

    public Manifests(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
    }

    public void node(LabPlan.Host host, Map<String, String> annotations) throws IOException {
        Map<String, Object> node = object("v1", "Node", host.name(), null);
        metadata(node).put("annotations", annotations);
        node.put("spec", Map.of("podCIDR", host.podCidr(), "podCIDRs", List.of(host.podCidr())));
        node.put("status",
            Map.of("addresses", List.of(Map.of("type", "InternalIP", "address", host.address().getHostAddress()))));
        write("node-" + host.name(), node);
    }

    public void pod(String name, LabPlan.Host node, InetAddress address) throws IOException {
        Map<String, Object> pod = object("v1", "Pod", name, NAMESPACE);
        pod.put("spec", Map.of("nodeName", node.name()));
        String ip = address.getHostAddress();
        pod.put("status", Map.of("phase", "Running", "podIP", ip, "podIPs", List.of(Map.of("ip", ip))));
        write("pod-" + name, pod);
    }

    public void removePod(String name) throws IOException {
        Files.deleteIfExists(file("pod-" + name));
    }

    public void service(String name, InetAddress clusterIp, List<Port> ports) throws IOException {
        service(name, clusterIp, ports, Exposure.NONE);
    }

    public void service(String name, InetAddress clusterIp, List<Port> ports, Exposure exposure) throws IOException {
        Map<String, Object> service = object("v1", "Service", name, NAMESPACE);
        service.put("spec", Map.of(
            "type", exposure.type(),
            "clusterIP", clusterIp.getHostAddress(),
            "clusterIPs", List.of(clusterIp.getHostAddress()),
            "externalIPs", exposure.externalIps.stream().map(InetAddress::getHostAddress).toList(),
            "ports", IntStream.range(0, ports.size()).mapToObj(i -> port(ports.get(i), i, exposure)).toList()));
        service.put("status", Map.of("loadBalancer", Map.of("ingress", exposure.loadBalancerIps.stream()
            .map(address -> Map.of("ip", address.getHostAddress())).toList())));
        write("service-" + name, service);
    }

    private static Map<String, Object> port(Port port, int number, Exposure exposure) {
        Map<String, Object> object = new LinkedHashMap<>(Map.of("name", port.name, "protocol", port.protocol,
            "port", port.port, "targetPort", port.targetPort));
        if (exposure.firstNodePort != 0) {
            object.put("nodePort", exposure.firstNodePort + number);
        }
        return object;
    }

    public void endpoints(String service, List<Port> ports, List<Endpoint> endpoints) throws IOException {
        Map<String, Object> slice = object("discovery.k8s.io/v1", "EndpointSlice", service + "-1", NAMESPACE);
        metadata(slice).put("labels", Map.of("kubernetes.io/service-name", service));
        slice.put("addressType", "IPv4");
        slice.put("endpoints", endpoints.stream()
            .map(e -> Map.of(
                "addresses", List.of(e.address.getHostAddress()),
                "nodeName", e.node,
                "conditions", Map.of("ready", e.ready, "serving", e.ready, "terminating", false)))
            .toList());
        slice.put("ports", ports.stream()
            .map(p -> Map.of("name", p.name, "protocol", p.protocol, "port", p.targetPort))
            .toList());
        write("endpointslice-" + service, slice);
    }

    /** Removes every Service with its endpoints. */
    public void removeServices() throws IOException {
        for (String kind : List.of("endpointslice", "service")) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, kind + "-*.yaml")) {
                for (Path file : files) {
                    Files.delete(file);
                }
            }
        }
    }

    private static Map<String, Object> object(String apiVersion, String kind, String name, String namespace) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("name", name);
        if (namespace != null) {
            metadata.put("namespace", namespace);
        }
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("apiVersion", apiVersion);
        object.put("kind", kind);
        object.put("metadata", metadata);
        return object;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> metadata(Map<String, Object> object) {
        return (Map<String, Object>) object.get("metadata");
    }

    /** Written under another name and renamed, so that a node never reads half a file. */
    private void write(String name, Map<String, Object> object) throws IOException {
        Path written = Files.createTempFile(directory, name, ".new");
        Files.writeString(written, text(object));
        Files.move(written, file(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private String text(Map<String, Object> object) throws JsonProcessingException {
        return yaml.writeValueAsString(object);
    }

    private Path file(String name) {
        return directory.resolve(name + ".yaml");
    }
}
