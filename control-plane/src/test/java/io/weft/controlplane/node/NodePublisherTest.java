package io.weft.controlplane.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.Await;
import io.weft.controlplane.FakeDataplane;
import io.weft.controlplane.compiler.OwnNode;
import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.source.SourceStatus;
import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.tunnel.Encapsulation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodePublisherTest {
    private static final long VTEP_MAC = 0x02_11_22_33_44_55L;
    private static final long INCARNATION = 7;
    private static final Map<String, String> PUBLISHED = Map.of(
        "other", "kept",
        "flannel.alpha.coreos.com/kube-subnet-manager", "true",
        "flannel.alpha.coreos.com/backend-type", "vxlan",
        "flannel.alpha.coreos.com/backend-data", "{\"VNI\":1,\"VtepMAC\":\"02:11:22:33:44:55\"}",
        "flannel.alpha.coreos.com/public-ip", "192.0.2.1",
        "weft.io/node", "true");
    private static final String READY = "Normal NetworkReady x1: Weft forwards the traffic of this node's pods";

    @TempDir private Path directory;
    private final Failures failures = new Failures();
    private final AtomicInteger looks = new AtomicInteger();
    private volatile OwnNode ownNode = own(Optional.of(local()), 0);
    private TestApiServer server;
    private FakeDataplane dataplane;
    private DataplaneView view;
    private NodeApi api;
    private NodePublisher publisher;

    @BeforeEach
    void prepare() throws IOException {
        server = new TestApiServer();
        dataplane = new FakeDataplane(directory);
        view = new DataplaneView(directory);
        api = new NodeApi(server.api(directory), "n1");
        publisher = new NodePublisher(api, () -> {
            looks.incrementAndGet();
            return ownNode;
        }, () -> new SourceStatus("kubernetes", true, Optional.empty(), "", List.of()), view, failures,
            Duration.ofMillis(10), Duration.ofMillis(10));
    }

    @AfterEach
    void stop() {
        publisher.close();
        view.close();
        dataplane.close();
        server.close();
        assertEquals(0, failures.summary().count(), failures.summary().last());
    }

    @Test
    void setsItsAnnotationsAndNothingElse() {
        publisher.start();
        awaitPublished();
        awaitLooks();
        assertEquals(List.of("Ready=True/"), server.conditions(), "not before the dataplane forwards");
        assertEquals(1, server.count("PATCH"));
        assertEquals(1, server.count("GET"));
        assertEquals(List.of(), server.events());
        assertTrue(publisher.status().checked().isPresent());
    }

    @Test
    void patchesNothingThatIsRight() {
        PUBLISHED.forEach(server::annotate);
        dataplane.use(INCARNATION - 1, 5); // of another control plane
        publisher.start();
        awaitLooks();
        assertEquals(0, server.count("PATCH"));
        assertEquals(OptionalLong.of(VTEP_MAC), api.publishedVtepMac());
    }

    @Test
    void saysThatTheNetworkIsAvailableOnceTheDataplaneForwards() {
        publisher.start();
        awaitPublished();
        dataplane.use(INCARNATION, 1);
        Await.until("the condition",
            () -> server.conditions().equals(List.of("Ready=True/", "NetworkUnavailable=False/WeftIsUp")));
        Await.until("an Event", () -> server.events().equals(List.of(READY)));
        awaitLooks();
        assertEquals(1, server.count("PATCH /api/v1/nodes/n1/status"));
        assertEquals(List.of("GET /api/v1/nodes/n1", "PATCH /api/v1/nodes/n1", "PATCH /api/v1/nodes/n1/status",
            "POST /api/v1/namespaces/default/events"), server.distinctRequests(), "what the ClusterRole allows");
    }

    @Test
    void setsAnnotationsAgainThatAnotherProgramChanged() {
        publisher.start();
        awaitPublished();
        server.annotate("flannel.alpha.coreos.com/backend-type", "udp");
        ownNode = own(ownNode.local(), 1); // the source reports that the Node has changed
        awaitPublished();
        Await.until("an Event", () -> server.events().equals(List.of(
            "Warning AnnotationsOverwritten x1: another program set flannel.alpha.coreos.com/backend-type to udp, Weft set"
                + " it to vxlan again: does flannel still run on this node?")));
    }

    @Test
    void describesANewNodeObject() {
        dataplane.use(INCARNATION, 1);
        publisher.start();
        Await.until("the condition", () -> server.conditions().size() == 2);
        server.replaceNode("u2");
        ownNode = own(ownNode.local(), 2);
        Await.until("the condition of the new Node",
            () -> server.conditions().equals(List.of("NetworkUnavailable=False/WeftIsUp")));
        assertEquals("true", server.annotations().get("weft.io/node"));
        Await.until("an Event", () -> server.events().equals(List.of(READY)));
    }

    @Test
    void followsAChangeOfTheNodeItself() {
        publisher.start();
        awaitPublished();
        LocalNode moved = local("192.0.2.9");
        ownNode = own(Optional.of(moved), 0);
        Await.until("the new address",
            () -> "192.0.2.9".equals(server.annotations().get("flannel.alpha.coreos.com/public-ip")));
        awaitLooks();
        assertEquals(List.of(), server.events());
    }

    @Test
    void publishesNothingUntilTheNodeIsKnown() {
        ownNode = new OwnNode(Optional.empty(), Optional.empty(), "Node n1 (this node): has no spec.podCIDR yet",
            INCARNATION, "");
        publisher.start();
        Await.until("an Event", () -> server.events()
            .equals(List.of("Warning InvalidNode x1: Node n1 (this node): has no spec.podCIDR yet")));
        assertEquals(Map.of("other", "kept"), server.annotations());
        ownNode = own(Optional.of(local()), 0);
        awaitPublished();
    }

    @ParameterizedTest
    @CsvSource({"GET,404", "GET,500", "PATCH,401", "PATCH,403", "PATCH,409", "PATCH,422", "PATCH,429", "PATCH,500",
        "PATCH,503"})
    void triesAgainAfterAnError(String method, int status) {
        server.fail(method, status);
        publisher.start();
        Await.until("a failure", () -> !publisher.status().failure().isEmpty());
        assertTrue(publisher.status().failingSince().isPresent());
        assertEquals(status == 404 ? "there is no Node n1"
            : "the API server answers " + status + ": ordered by the test", publisher.status().failure());
        server.failNoMore();
        awaitPublished();
        Await.until("well", () -> publisher.status().failure().isEmpty());
        assertFalse(publisher.status().failingSince().isPresent());
    }

    @Test
    void triesAgainWhileTheServerIsAway() throws IOException {
        server.goAway();
        assertEquals(OptionalLong.empty(), api.publishedVtepMac());
        publisher.start();
        Await.until("a failure", () -> publisher.status().failure()
            .matches("http://127.0.0.1:\\d+: connection refused"));
        server.comeBack();
        awaitPublished();
    }

    @Test
    void refusedEventsDisturbNothing() {
        server.fail("POST", 403);
        dataplane.use(INCARNATION, 1);
        publisher.start();
        Await.until("the condition", () -> server.conditions().size() == 2);
        awaitLooks();
        assertEquals("", publisher.status().failure());
        assertEquals(1, server.count("POST"));
    }

    private void awaitPublished() {
        Await.until("annotations", () -> server.annotations().equals(new TreeMap<>(PUBLISHED)));
    }

    private void awaitLooks() {
        int enough = looks.get() + 20;
        Await.until("the publisher has looked again", () -> looks.get() >= enough);
    }

    /** @param createdMillis tells one state of the Node from another */
    private static OwnNode own(Optional<LocalNode> local, long createdMillis) {
        ClusterNode object = new ClusterNode("n1", createdMillis, List.of(IpPrefix.of("10.244.1.0/24")),
            List.of(IpAddress.of("192.0.2.1")), "", Optional.empty(), List.of());
        return new OwnNode(local, Optional.of(object), "", INCARNATION, "");
    }

    private static LocalNode local() {
        return local("192.0.2.1");
    }

    private static LocalNode local(String address) {
        return new LocalNode("n1", IpAddress.of(address), IpPrefix.of("10.244.1.0/24"), IpPrefix.of("10.244.0.0/16"),
            IpPrefix.of("10.96.0.0/16"), VTEP_MAC, new Overlay(Encapsulation.VXLAN, 1, 8472), 1450, 1450, true, 61_000,
            65_535);
    }
}
