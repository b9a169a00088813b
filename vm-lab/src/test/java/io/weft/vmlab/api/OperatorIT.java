package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.LabExtension;
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
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an operator writes through the API, with traffic: drains, pauses and static routes, also after the control plane was killed. */
class OperatorIT {
    private static final int CONNECTIONS = 200;
    private static final int REFUSED = 10;
    private static final int PACKETS_PER_SECOND = 500;
    private static final InetSocketAddress WEB = new InetSocketAddress("10.96.0.80", 80);
    private static final InetSocketAddress STREAM = new InetSocketAddress("10.96.0.81", 5002);
    private static final String OUTSIDE = "198.51.100.7";
    private static final String BEHIND_PEER = "198.51.100.200";
    private static final int SERVER_PORT = 9090;
    @RegisterExtension static final LabExtension LAB = ApiLab.SHARED.needing("ip");
    private static Lab lab;
    private static WeftNode node;
    private static NodeApi api;
    private static Pod client;
    private static Pod near;
    private static Pod far;
    private static HttpBackend nearWeb;
    private static HttpBackend farWeb;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        node = lab.node("n1");
        api = new NodeApi(node);
        client = node.addPod("client");
        near = node.addPod("near");
        far = lab.node("n2").addPod("far");
        nearWeb = HttpBackend.start(near.thread(), "near", near.port(8080));
        farWeb = HttpBackend.start(far.thread(), "far", far.port(8080));
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(near.address(), "n1", true),
            new Manifests.Endpoint(far.address(), "n2", true));
        serve("web", WEB, new Manifests.Port("http", "TCP", 80, 8080), endpoints);
        serve("stream", STREAM, new Manifests.Port("numbers", "UDP", 5002, 5002), endpoints);
    }

    private static void serve(String name, InetSocketAddress address, Manifests.Port port,
        List<Manifests.Endpoint> endpoints) throws Exception {
        lab.manifests().service(name, address.getAddress(), List.of(port));
        lab.manifests().endpoints(name, List.of(port), endpoints);
        lab.awaitEndpoints(address, endpoints);
    }

    @AfterAll
    static void takeDown() {
        if (nearWeb != null) {
            nearWeb.close();
        }
        if (farWeb != null) {
            farWeb.close();
        }
    }

    // -- drain and pause ---------------------------------------------------------------------------------------------

    @Test
    void establishedFlowsGoOnWhileTheirEndpointIsDrainedAndTheirServicePausedAlsoAfterARestart() throws Exception {
        String drain = "/api/v1/drains/" + far.address().getHostAddress();
        try (SequencedUdp stream = streamTo(far)) {
            assertEquals(Set.of("near", "far"), backends());
            api.write(201, "PUT", drain, "{\"comment\": \"disk is failing\"}");
            assertEquals(Set.of("near"), backends());
            api.write(201, "PUT", "/api/v1/pauses/default/web", "");
            api.write(201, "PUT", "/api/v1/pauses/default/stream", "");
            assertAllRefused();
            assertShown();
            node.killControlPlane();
            assertAllRefused();
            assertShown();
            api.write(200, "DELETE", "/api/v1/pauses/default/web", "");
            assertEquals(Set.of("near"), backends());
            api.write(200, "DELETE", drain, "");
            assertEquals(Set.of("near", "far"), backends());
            api.write(200, "DELETE", "/api/v1/pauses/default/stream", "");
            SequencedUdp.Result result = stream.finish();
            System.out.println("numbered datagrams to the drained endpoint of the paused Service: " + result);
            assertEquals(0, result.lost(), result.toString());
            assertEquals(0, result.reordered(), result.toString());
        }
    }

    @Test
    void aDrainThatLeavesNoEndpointIsRefusedUnlessForced() throws Exception {
        String first = "/api/v1/drains/" + near.address().getHostAddress() + ":8080";
        String last = "/api/v1/drains/" + far.address().getHostAddress() + ":8080";
        api.write(201, "PUT", first, "");
        NodeApi.Answer refused = api.send("PUT", last, "");
        assertEquals(409, refused.status(), refused.body());
        assertTrue(refused.body().contains("default/web:http would have no endpoint left"), refused.body());
        assertEquals(Set.of("far"), backends());
        api.write(201, "PUT", last + "?force=true", "");
        assertEquals(Map.of(), new HttpBurst().run(client.thread(), WEB, REFUSED, 1).perBackend());
        api.write(200, "DELETE", first, "");
        api.write(200, "DELETE", last, "");
        assertEquals(Set.of("near", "far"), backends());
    }

    /** A stream through the Service whose flow was given to this endpoint. */
    private static SequencedUdp streamTo(Pod endpoint) throws Exception {
        for (int attempt = 0; attempt < 30; attempt++) {
            SequencedUdp stream = SequencedUdp.start(client.thread(), endpoint.thread(), endpoint.port(5002), STREAM,
                PACKETS_PER_SECOND);
            Thread.sleep(500);
            if (stream.received() > 0) { return stream; }
            stream.close();
        }
        throw new AssertionError("no flow got the endpoint " + endpoint.name());
    }

    /** Who answers new connections. */
    private static Set<String> backends() throws Exception {
        HttpBurst.Result result = new HttpBurst().run(client.thread(), WEB, CONNECTIONS, 4);
        assertEquals(Map.of(), result.failures());
        return result.perBackend().keySet();
    }

    private static void assertAllRefused() throws Exception {
        HttpBurst.Result result = new HttpBurst().run(client.thread(), WEB, REFUSED, 1);
        assertEquals(Map.of(), result.perBackend());
        assertTrue(result.failures().keySet().stream().allMatch(cause -> cause.contains("refused")),
            result.failures().toString());
        try (DatagramSocket socket = client.thread().call(() -> new DatagramSocket())) {
            socket.connect(STREAM);
            socket.setSoTimeout(60_000);
            socket.send(new DatagramPacket(new byte[1], 1));
            assertThrows(PortUnreachableException.class, () -> socket.receive(new DatagramPacket(new byte[1], 1)));
        }
    }

    private static void assertShown() throws Exception {
        String address = far.address().getHostAddress();
        node.view().await("the writes in weft status", () -> {
            String status = node.weft("status");
            return status.contains("pause default/web, since ") && status.contains("pause default/stream, since ")
                && status.contains("drain " + address + ", since ") && status.contains("(disk is failing): in use");
        });
        assertTrue(node.weft("show", "services").lines()
            .anyMatch(line -> line.contains("default/web:http") && line.contains("paused")));
        assertTrue(node.weft("show", "backends").lines()
            .anyMatch(line -> line.contains(address) && line.contains("drained")));
        assertTrue(node.weft("show", "drops").contains("service_paused"));
    }

    // -- static routes -----------------------------------------------------------------------------------------------

    @Test
    void staticRoutesLeadPodsToARouterToAnotherNodeOrNowhere() throws Exception {
        NamespaceThread outside = lab.outside().thread();
        NamespaceThread peer = lab.kernelNode().orElseThrow().thread();
        ip(outside, "address", "add", OUTSIDE + "/32", "dev", "lo");
        ip(outside, "link", "set", "lo", "up");
        ip(peer, "address", "add", BEHIND_PEER + "/32", "dev", "lo");
        ip(peer, "link", "set", "lo", "up");
        InetSocketAddress far1 = new InetSocketAddress(LabPlan.ip(OUTSIDE), SERVER_PORT);
        InetSocketAddress far2 = new InetSocketAddress(LabPlan.ip(BEHIND_PEER), SERVER_PORT);
        try (WhoAmI router = WhoAmI.serve(outside, far1); WhoAmI behind = WhoAmI.serve(peer, far2)) {
            assertThrows(IOException.class, () -> WhoAmI.ask(client.thread(), null, far1));
            api.write(201, "PUT", "/api/v1/static-routes/198.51.100.0/25",
                "{\"type\": \"via\", \"target\": \"" + lab.outside().address().getHostAddress() + "\"}");
            assertFrom(client.host().address().getHostAddress(), far1);
            api.write(201, "PUT", "/api/v1/static-routes/198.51.100.128/25",
                "{\"type\": \"node\", \"target\": \"k1\"}");
            assertFrom(client.address().getHostAddress(), far2);
            String routes = node.weft("show", "routes");
            assertTrue(routes.lines().anyMatch(line -> line.startsWith("198.51.100.0/25") && line.contains("static-via")
                && line.contains(lab.outside().address().getHostAddress())), routes);
            assertTrue(routes.lines().anyMatch(
                line -> line.startsWith("198.51.100.128/25") && line.contains("static-node") && line.contains("k1")),
                routes);
            node.killControlPlane();
            assertFrom(client.host().address().getHostAddress(), far1);
            assertFrom(client.address().getHostAddress(), far2);
            api.write(200, "PUT", "/api/v1/static-routes/198.51.100.0/25", "{\"type\": \"prohibit\"}");
            assertThrows(IOException.class, () -> WhoAmI.ask(client.thread(), null, far1));
            assertTrue(node.weft("show", "drops").contains("route_prohibited"));
            assertFrom(client.address().getHostAddress(), far2);
            api.write(200, "DELETE", "/api/v1/static-routes/198.51.100.0/25", "");
            api.write(200, "DELETE", "/api/v1/static-routes/198.51.100.128/25", "");
        }
    }

    private static void assertFrom(String address, InetSocketAddress server) throws Exception {
        String seen = WhoAmI.ask(client.thread(), null, server);
        assertTrue(seen.startsWith(address + ":"), seen);
    }

    private static void ip(NamespaceThread where, String... arguments) throws Exception {
        ExternalCommand.Output output = where.call(ExternalCommand.of("ip", arguments)::run);
        assertEquals(0, output.exit(), output.text());
    }
}
