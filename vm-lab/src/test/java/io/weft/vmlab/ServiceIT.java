package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.HttpBackend;
import io.weft.vmlab.traffic.HttpBurst;
import io.weft.vmlab.traffic.WhoAmI;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A ClusterIP over four backends on two nodes. */
class ServiceIT {
    private static final int CONNECTIONS = 10_000;
    private static final double SHARE_TOLERANCE = 0.08;
    private static final int HTTP_PORT = 8080;
    private static final InetSocketAddress WEB = new InetSocketAddress("10.96.0.80", 80);
    private static final InetSocketAddress SELF = new InetSocketAddress("10.96.0.81", 80);
    private static final List<HttpBackend> BACKENDS = new ArrayList<>();
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("svc", 2);
    private static Lab lab;
    private static Pod client;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        client = lab.node("n1").addPod("client");
        List<Manifests.Endpoint> endpoints = new ArrayList<>();
        for (WeftNode node : lab.nodes()) {
            for (String name : List.of("a", "b")) {
                Pod pod = node.addPod(name);
                BACKENDS.add(HttpBackend.start(pod.thread(), node.name() + "/" + name, pod.port(HTTP_PORT)));
                endpoints.add(new Manifests.Endpoint(pod.address(), node.name(), true));
            }
        }
        List<Manifests.Port> ports = List.of(new Manifests.Port("http", "TCP", 80, HTTP_PORT));
        lab.manifests().service("web", WEB.getAddress(), ports);
        lab.manifests().endpoints("web", ports, endpoints);
        lab.manifests().service("self", SELF.getAddress(), ports);
        List<Manifests.Endpoint> self = List.of(new Manifests.Endpoint(client.address(), "n1", true));
        lab.manifests().endpoints("self", ports, self);
        lab.awaitEndpoints(WEB, endpoints);
        lab.awaitEndpoints(SELF, self);
    }

    @AfterAll
    static void takeDown() throws Exception {
        BACKENDS.forEach(HttpBackend::close);
    }

    @Test
    void everyConnectionIsAnsweredByTheBackendChosenAndSharesAreEven() throws Exception {
        HttpBurst.Result result = new HttpBurst().run(client.thread(), WEB, CONNECTIONS, 16);
        System.out.printf("per backend %s, failures %s%n", result.perBackend(), result.failures());
        assertEquals(Map.of(), result.failures());
        Map<String, Integer> counted = new TreeMap<>();
        BACKENDS.forEach(backend -> counted.put(backend.name(), (int) backend.requests()));
        assertEquals(new TreeMap<>(counted), new TreeMap<>(new HashMap<>(result.perBackend())),
            "answers name the backend that gave them");
        assertTrue(result.unevenness(BACKENDS.size()) <= SHARE_TOLERANCE,
            "shares within 8 % of even: " + result.perBackend());
        for (HttpBackend backend : BACKENDS) {
            assertEquals(Set.of(client.address().getHostAddress()), backend.clients().keySet(),
                "addresses seen by " + backend.name());
        }
    }

    @Test
    void aPodReachesItselfThroughItsOwnServiceWithTheGatewayAsSource() throws Exception {
        try (WhoAmI server = WhoAmI.serve(client.thread(), client.port(HTTP_PORT))) {
            String seen = WhoAmI.ask(client.thread(), null, SELF);
            assertTrue(seen.startsWith(client.host().podGateway().getHostAddress() + ":"), seen);
        }
    }
}
