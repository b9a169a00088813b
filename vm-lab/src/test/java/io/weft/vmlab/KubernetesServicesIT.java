package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.vmlab.ServiceCase.Client;
import io.weft.vmlab.ServiceCase.Policy;
import io.weft.vmlab.ServiceCase.State;
import io.weft.vmlab.kubernetes.Cluster;
import io.weft.vmlab.kubernetes.ClusterNode;
import io.weft.vmlab.kubernetes.Kubectl;
import io.weft.vmlab.kubernetes.NodeNetwork;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Compares what Weft and kube-proxy do with the same Services, in one cluster and one run: which backends a client can get, and which source
 * they see. The result is a table, which the test writes to {@code vm-lab/target/services.md}; a difference that {@link ServiceDifferences} does
 * not explain fails it.
 */
class KubernetesServicesIT {
    /** Whether every case is compared, and not only a few. */
    private static final boolean ALL = Boolean.getBoolean("weft.it.services");
    private static final List<ServiceCase> CASES = ALL ? ServiceCase.all() : ServiceCase.few();
    private static final String NAMESPACE = "service-behaviour";
    private static final int DRAWS = 16;
    /** After a difference: enough not to miss one of three backends. */
    private static final int MORE_DRAWS = 64;
    private static final Duration RULES_LIMIT = Duration.ofMinutes(3);
    private static final long POLL_MILLIS = 100;
    private static final Path DOCUMENT = Path.of("target", "services.md");
    @RegisterExtension static final KubernetesExtension KUBERNETES = KubernetesExtension.of(
        NodeNetwork.Kind.WEFT, NodeNetwork.Kind.WEFT, NodeNetwork.Kind.LINUX);
    /** So that a kernel refuses every time, and not only a few times a second. In the node's network namespace. */
    private static final Map<String, String> ICMP_LIMITS = Map.of("net/ipv4/icmp_ratelimit", "0",
        "net/ipv4/icmp_msgs_per_sec", "1000000", "net/ipv4/icmp_msgs_burst", "1000000");
    private static final String WEFT = "n1";
    private static final String LINUX = "n3";
    private static final String OTHER = "n2";

    private static final ServiceObjects OBJECTS = new ServiceObjects(NAMESPACE);
    private static Cluster cluster;
    private static Kubectl kubectl;
    private static final Map<String, JsonNode> SERVICES = new HashMap<>();

    /** A node under test, with its clients. */
    private record Tested(ClusterNode node, Set<String> addresses, Map<Client, ServiceProbe> clients) {
    }

    @BeforeAll
    static void create() throws Exception {
        cluster = KUBERNETES.cluster();
        kubectl = cluster.kubectl();
        kubectl.createNamespace(NAMESPACE);
        StringBuilder pods = new StringBuilder();
        for (ClusterNode node : cluster.nodes()) {
            pods.append(OBJECTS.pod("backend-" + node.name(), node.name(), true));
            pods.append(OBJECTS.pod("client-" + node.name(), node.name(), false));
        }
        kubectl.apply(pods.toString());
        kubectl.run("--namespace=" + NAMESPACE, "wait", "--for=condition=Ready", "pods", "--all", "--timeout=120s");
        Map<String, String> backends = new TreeMap<>();
        for (ClusterNode node : cluster.nodes()) {
            backends.put(node.name(), pod("backend-" + node.name()).path("status").path("podIP").asText());
        }
        StringBuilder services = new StringBuilder();
        for (Policy policy : Policy.values()) {
            for (State state : State.values()) {
                services.append(OBJECTS.service(policy, state));
                services.append(OBJECTS.slice(policy, state, backends, List.of(WEFT, LINUX)));
            }
        }
        kubectl.apply(services.toString());
        for (Policy policy : Policy.values()) {
            for (State state : State.values()) {
                kubectl.run("--namespace=" + NAMESPACE, "patch", "service", ServiceCase.service(policy, state),
                    "--subresource=status", "--type=merge", "--patch",
                    "{\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\""
                        + ServiceObjects.loadBalancerIp(policy, state) + "\"}]}}}");
            }
        }
        for (JsonNode service : kubectl.json("--namespace=" + NAMESPACE, "get", "services").path("items")) {
            SERVICES.put(service.path("metadata").path("name").asText(), service);
        }
        for (ClusterNode node : cluster.nodes()) {
            node.thread().call(() -> {
                for (Map.Entry<String, String> limit : ICMP_LIMITS.entrySet()) {
                    Sysctl.write(limit.getKey(), limit.getValue());
                }
                return null;
            });
        }
        awaitRules(WEFT);
        awaitRules(LINUX);
    }

    /** Until the node translates what was written last: a proxy that has yet to write its rules refuses what it will serve. */
    private static void awaitRules(String name) throws Exception {
        Tested tested = enter(cluster.node(name));
        long start = System.nanoTime();
        try {
            for (ServiceCase asked : ServiceCase.all()) {
                if (asked.client() != Client.NODE || asked.kind() != ServiceCase.Kind.LOAD_BALANCER
                    || !asked.state().hasServing()) {
                    continue;
                }
                ServiceProbe probe = tested.clients.get(asked.client());
                while (!probe.ask(asked.udp(), target(tested, asked)).failure().isEmpty()) {
                    assertTrue(System.nanoTime() - start < RULES_LIMIT.toNanos(),
                        asked + " on " + name + " is not served");
                    Thread.sleep(POLL_MILLIS);
                }
            }
        } finally {
            tested.clients.values().forEach(ServiceProbe::close);
        }
    }

    @AfterAll
    static void remove() throws Exception {
        if (kubectl != null) {
            kubectl.run("delete", "namespace", NAMESPACE, "--wait=false");
        }
    }

    @Test
    void clientsGetTheSameBackendsAndSourcesAsWithKubeProxy() throws Exception {
        Map<ServiceCase, Set<String>> weft = observe(WEFT);
        Map<ServiceCase, Set<String>> linux = observe(LINUX);
        Map<ServiceCase, Set<String>> doubtful = new HashMap<>();
        for (ServiceCase asked : CASES) {
            if (!weft.get(asked).equals(linux.get(asked))) {
                doubtful.put(asked, Set.of());
            }
        }
        observe(WEFT, doubtful.keySet(), MORE_DRAWS).forEach((asked, seen) -> weft.get(asked).addAll(seen));
        observe(LINUX, doubtful.keySet(), MORE_DRAWS).forEach((asked, seen) -> linux.get(asked).addAll(seen));
        ServiceDifferences differences = ServiceDifferences.of(CASES, weft, linux);
        Files.writeString(DOCUMENT, differences.document());
        assertEquals("", differences.unexplained());
    }

    private static Map<ServiceCase, Set<String>> observe(String name) throws Exception {
        return observe(name, CASES, DRAWS);
    }

    private static Map<ServiceCase, Set<String>> observe(String name, Iterable<ServiceCase> cases, int draws)
        throws Exception {
        Tested tested = enter(cluster.node(name));
        List<String> routes = route(tested.node);
        try {
            Map<ServiceCase, Set<String>> seen = new HashMap<>();
            for (ServiceCase asked : cases) {
                seen.put(asked, observe(tested, asked, draws));
            }
            return seen;
        } finally {
            routes.forEach(cidr -> cluster.controlPlane().removeRoute(cidr, tested.node.host().address()));
            tested.clients.values().forEach(ServiceProbe::close);
        }
    }

    private static Set<String> observe(Tested tested, ServiceCase asked, int draws) throws Exception {
        ServiceProbe probe = tested.clients.get(asked.client());
        Set<String> seen = new TreeSet<>();
        for (int i = 0; i < draws; i++) {
            ServiceProbe.Answer answer = probe.ask(asked.udp(), target(tested, asked));
            seen.add(answer.failure().isEmpty() ? described(tested, asked, probe, answer) : answer.failure());
            if (answer.failure().equals(ServiceProbe.SILENCE)) {
                break; // each costs a time-out
            }
        }
        if (seen.contains(ServiceProbe.REFUSED)) {
            seen.remove(ServiceProbe.SILENCE); // a kernel sends only so many ICMP messages a second
        }
        return seen;
    }

    private static String described(Tested tested, ServiceCase asked, ServiceProbe probe, ServiceProbe.Answer answer) {
        String place = answer.backend().equals("backend-" + tested.node.name()) ? "here" : "elsewhere";
        return place + " (source: " + source(tested, asked, probe, answer.source()) + ")";
    }

    private static String source(Tested tested, ServiceCase asked, ServiceProbe probe, String source) {
        if (asked.client() != Client.NODE && probe.addresses().contains(source)) { return "client"; }
        return tested.addresses.contains(source) ? "node" : source;
    }

    // -- addresses ---------------------------------------------------------------------------------------------------

    private static InetSocketAddress target(Tested tested, ServiceCase asked) {
        JsonNode spec = SERVICES.get(asked.service()).path("spec");
        int port = asked.udp() ? ServiceObjects.UDP_PORT : ServiceObjects.TCP_PORT;
        return switch (asked.kind()) {
            case CLUSTER_IP -> new InetSocketAddress(spec.path("clusterIP").asText(), port);
            case NODE_PORT -> new InetSocketAddress(tested.node.host().address(),
                spec.path("ports").path(asked.udp() ? 1 : 0).path("nodePort").asInt());
            case EXTERNAL_IP -> new InetSocketAddress(ServiceObjects.externalIp(asked.policy(), asked.state()), port);
            case LOAD_BALANCER ->
                new InetSocketAddress(ServiceObjects.loadBalancerIp(asked.policy(), asked.state()), port);
        };
    }

    /** The host outside reaches the Services through the node under test. */
    private static List<String> route(ClusterNode node) {
        List<String> cidrs = new ArrayList<>();
        for (Policy policy : Policy.values()) {
            for (State state : State.values()) {
                cidrs.add(ServiceObjects.externalIp(policy, state) + "/32");
                cidrs.add(ServiceObjects.loadBalancerIp(policy, state) + "/32");
            }
        }
        SERVICES.values().forEach(service -> cidrs.add(service.path("spec").path("clusterIP").asText() + "/32"));
        cidrs.forEach(cidr -> cluster.controlPlane().addRoute(cidr, node.host().address()));
        return cidrs;
    }

    private static Tested enter(ClusterNode node) throws Exception {
        Map<Client, ServiceProbe> clients = new EnumMap<>(Client.class);
        clients.put(Client.POD, probe("client-" + node.name(), node));
        clients.put(Client.BACKEND, probe("backend-" + node.name(), node));
        clients.put(Client.OTHER_POD, probe("client-" + OTHER, cluster.node(OTHER)));
        clients.put(Client.NODE, new ServiceProbe(node.thread(), false));
        clients.put(Client.OTHER_NODE, new ServiceProbe(cluster.node(OTHER).thread(), false));
        clients.put(Client.OUTSIDE, new ServiceProbe(cluster.controlPlane().thread(), false));
        Set<String> addresses = new HashSet<>(clients.get(Client.NODE).addresses());
        String podCidr = kubectl.json("get", "node", node.name()).path("spec").path("podCIDR").asText();
        String network = podCidr.substring(0, podCidr.lastIndexOf('.'));
        addresses.addAll(List.of(network + ".0", network + ".1")); // the node among pods, and their gateway
        return new Tested(node, addresses, clients);
    }

    private static ServiceProbe probe(String pod, ClusterNode node) throws Exception {
        String container = pod(pod).path("status").path("containerStatuses").path(0).path("containerID").asText();
        return new ServiceProbe(node.enter(container.replace("containerd://", "")), true);
    }

    private static JsonNode pod(String name) throws Exception {
        return kubectl.json("--namespace=" + NAMESPACE, "get", "pod", name);
    }
}
