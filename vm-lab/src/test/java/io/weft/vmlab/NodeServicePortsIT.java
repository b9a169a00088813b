package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.net.NamespaceThread;
import io.weft.vmlab.traffic.HttpBackend;
import io.weft.vmlab.traffic.HttpBurst;
import io.weft.vmlab.traffic.SequencedUdp;
import io.weft.vmlab.traffic.WhoAmI;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The ports by which a node is managed (kubelet, API server, etcd, SSH) answer every connection, whatever Weft does: under load, while the
 * dataplane is killed, and while it is down. Meanwhile Services try to take these ports, and connections to them are held open from the first test to
 * the last.
 */
class NodeServicePortsIT {
    private static final List<Integer> PORTS = List.of(10250, 10255, 6443, 443, 2379, 22);
    private static final int ROUNDS = 30;
    private static final int KILLS = 3;
    private static final int HTTP_PORT = 8080;
    private static final int UDP_PORT = 5002;
    private static final int OUTSIDE_PORT = 9090;
    private static final int PACKETS_PER_SECOND = 2000;
    private static final int REQUESTS_PER_BURST = 100;
    private static final InetSocketAddress WEB = new InetSocketAddress("10.96.0.80", 80);
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("port", 2);
    /** Those that no Service may take; 443 is only the API server's if the cluster says so. */
    private static final List<Integer> RESERVED = PORTS.stream().filter(port -> port != 443).toList();
    private static final InetAddress EXTERNAL = LabPlan.ip("10.96.0.81");
    private static final InetAddress BALANCED = LabPlan.ip("10.96.0.82");
    private static final List<WhoAmI> SERVERS = new ArrayList<>();
    private static HeldConnections held;
    private static Lab lab;
    private static WeftNode n1;
    private static Pod near;
    private static Pod far;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        n1 = lab.node("n1");
        near = n1.addPod("near");
        far = lab.node("n2").addPod("far");
        held = HeldConnections.open(outsiders(), n1.thread(), n1.host().address(), PORTS);
        for (int port : PORTS) {
            SERVERS.add(WhoAmI.serve(n1.thread(), new InetSocketAddress(n1.host().address(), port)));
        }
        n1.view().awaitSocketScan();
        List<InetAddress> node = List.of(n1.host().address());
        attempt("external", EXTERNAL, new Manifests.Exposure(0, node, List.of()));
        attempt("balanced", BALANCED, new Manifests.Exposure(0, List.of(), node));
    }

    /** A Service that wants the ports on the node's address. Its ClusterIP shows when it has been compiled. */
    private static void attempt(String name, InetAddress clusterIp, Manifests.Exposure exposure) throws Exception {
        List<Manifests.Port> ports = RESERVED.stream()
            .map(port -> new Manifests.Port("p" + port, "TCP", port, HTTP_PORT)).toList();
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(near.address(), "n1", true));
        lab.manifests().service(name, clusterIp, ports, exposure);
        lab.manifests().endpoints(name, ports, endpoints);
        for (int port : RESERVED) {
            lab.awaitEndpoints(new InetSocketAddress(clusterIp, port), endpoints);
        }
    }

    @AfterEach
    void theConnectionsAreOpenStill(TestInfo test) {
        held.assertUnbroken(test.getDisplayName());
    }

    @AfterAll
    static void takeDown() throws Exception {
        if (held != null) {
            held.close();
        }
        for (WhoAmI server : SERVERS) {
            server.close();
        }
    }

    @Test
    void statusNamesEachPortThatAServiceAskedFor() throws Exception {
        String status = n1.weft("status");
        for (String service : List.of("external", "balanced")) {
            for (int port : RESERVED) {
                assertTrue(status.lines().anyMatch(line -> line.contains("default/" + service)
                    && line.contains("its port " + port + " stays with")), service + " " + port + "\n" + status);
            }
        }
    }

    @Test
    void everyPortAnswersOtherMachinesWhileTheControlPlaneIsKilled() throws Exception {
        for (int i = 0; i < KILLS; i++) {
            n1.killControlPlane();
            connectToAll(outsiders(), new TreeMap<>());
        }
    }

    @Test
    void everyPortAnswersEveryoneUnderLoad() throws Exception {
        Map<String, NamespaceThread> clients = outsiders();
        clients.put("pod of this node", near.thread());
        clients.put("pod of the other node", far.thread());
        try (Load load = new Load()) {
            Map<String, Integer> answers = new TreeMap<>();
            for (int round = 0; round < ROUNDS; round++) {
                connectToAll(clients, answers);
            }
            assertEquals(clients.size() * PORTS.size(), answers.size());
            answers.forEach((path, count) -> assertEquals(ROUNDS, count, path));
            load.finish();
        }
    }

    @Test
    void everyPortAnswersOtherMachinesWhileTheDataplaneIsKilled() throws Exception {
        AtomicBoolean killing = new AtomicBoolean(true);
        try (ExecutorService background = Executors.newSingleThreadExecutor()) {
            Future<Map<String, Integer>> connections = background.submit(() -> {
                Map<String, Integer> answers = new TreeMap<>();
                while (killing.get()) {
                    connectToAll(outsiders(), answers);
                }
                return answers;
            });
            try {
                for (int i = 0; i < KILLS; i++) {
                    n1.killDataplane();
                }
            } finally {
                killing.set(false);
            }
            System.out.println(
                "connections answered while the dataplane was killed " + KILLS + " times: " + connections.get());
        }
    }

    @Test
    void everyPortAnswersOtherMachinesWhileWeftIsDown() throws Exception {
        n1.killAll();
        try {
            Map<String, Integer> answers = new TreeMap<>();
            for (int round = 0; round < ROUNDS; round++) {
                connectToAll(outsiders(), answers);
            }
            assertEquals(outsiders().size() * PORTS.size(), answers.size());
            try (WhoAmI apiServer = WhoAmI.serve(lab.outside().thread(), outside(6443))) {
                for (int round = 0; round < ROUNDS; round++) {
                    assertEquals(n1.host().address().getHostAddress(),
                        hostOf(WhoAmI.ask(n1.thread(), null, outside(6443))), "the node reaches a remote API server");
                }
            }
        } finally {
            n1.startAgain();
        }
        Map<String, NamespaceThread> pods = new LinkedHashMap<>();
        pods.put("pod of this node", near.thread());
        pods.put("pod of the other node", far.thread());
        connectToAll(pods, new TreeMap<>());
    }

    private static Map<String, NamespaceThread> outsiders() throws IOException {
        Map<String, NamespaceThread> clients = new LinkedHashMap<>();
        clients.put("other node", lab.node("n2").thread());
        clients.put("outside", lab.outside().thread());
        return clients;
    }

    /**
     * Makes one connection from each client to each port; one that fails ends the test.
     *
     * @param answers counted by client and port
     */
    private static void connectToAll(Map<String, NamespaceThread> clients, Map<String, Integer> answers)
        throws Exception {
        for (Map.Entry<String, NamespaceThread> client : clients.entrySet()) {
            for (int port : PORTS) {
                String path = client.getKey() + " → " + port;
                try {
                    String seen = WhoAmI.ask(client.getValue(), null, new InetSocketAddress(n1.host().address(), port));
                    assertEquals(4, seen.split("\\.").length, path + ": " + seen);
                } catch (IOException e) {
                    throw new AssertionError(path + ", after " + answers, e);
                }
                answers.merge(path, 1, Integer::sum);
            }
        }
    }

    private static InetSocketAddress outside(int port) {
        return new InetSocketAddress(lab.outside().address(), port);
    }

    private static String hostOf(String seen) {
        return seen.substring(0, seen.indexOf(':'));
    }

    /** A stream through the tunnel, new connections to a Service on both nodes, and masqueraded ones, which take ports of the node. */
    private static final class Load implements AutoCloseable {
        private final AtomicBoolean stopping = new AtomicBoolean();
        private final ExecutorService background = Executors.newCachedThreadPool();
        private final HttpBackend local;
        private final HttpBackend remote;
        private final WhoAmI outsideServer;
        private final SequencedUdp udp;
        private final List<Future<Integer>> requests = new ArrayList<>();

        Load() throws Exception {
            local = HttpBackend.start(near.thread(), "local", near.port(HTTP_PORT));
            remote = HttpBackend.start(far.thread(), "remote", far.port(HTTP_PORT));
            outsideServer = WhoAmI.serve(lab.outside().thread(), outside(OUTSIDE_PORT));
            List<Manifests.Port> ports = List.of(new Manifests.Port("http", "TCP", WEB.getPort(), HTTP_PORT));
            List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(near.address(), "n1", true),
                new Manifests.Endpoint(far.address(), "n2", true));
            lab.manifests().service("web", WEB.getAddress(), ports);
            lab.manifests().endpoints("web", ports, endpoints);
            lab.awaitEndpoints(WEB, endpoints);
            udp = SequencedUdp.start(near.thread(), far.thread(), far.port(UDP_PORT), far.port(UDP_PORT),
                PACKETS_PER_SECOND);
            requests.add(repeat(() -> {
                assertEquals(Map.of(), new HttpBurst().run(near.thread(), WEB, REQUESTS_PER_BURST, 2).failures());
                return REQUESTS_PER_BURST;
            }));
            requests.add(repeat(() -> {
                WhoAmI.ask(near.thread(), null, outside(OUTSIDE_PORT));
                return 1;
            }));
        }

        private Future<Integer> repeat(Callable<Integer> request) {
            return background.submit(() -> {
                int done = 0;
                while (!stopping.get()) {
                    done += request.call();
                }
                return done;
            });
        }

        /** Stops, and reports what did not work. */
        void finish() throws Exception {
            stopping.set(true);
            System.out.printf("meanwhile: %d requests to a Service, %d masqueraded connections, %s%n",
                requests.get(0).get(), requests.get(1).get(), udp.finish());
        }

        @Override
        public void close() throws Exception {
            stopping.set(true);
            background.close();
            udp.close();
            local.close();
            remote.close();
            outsideServer.close();
        }
    }
}
