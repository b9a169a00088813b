package io.weft.controlplane.source.kubernetes;

import static io.weft.controlplane.source.kubernetes.ApiObjects.namespace;
import static io.weft.controlplane.source.kubernetes.ApiObjects.node;
import static io.weft.controlplane.source.kubernetes.ApiObjects.pod;
import static io.weft.controlplane.source.kubernetes.ApiObjects.service;
import static io.weft.controlplane.source.kubernetes.ApiObjects.serviceCidr;
import static io.weft.controlplane.source.kubernetes.ApiObjects.slice;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.controlplane.Await;
import io.weft.controlplane.TestTls;
import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.JsonObjectReader;
import io.weft.controlplane.source.JsonObjectReader.WrongObjectException;
import io.weft.controlplane.source.JsonTree;
import io.weft.controlplane.source.kubernetes.ScriptedApiServer.Answer;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.NodeConfiguration;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The source against a server that answers as asked: after each fault, what has been delivered is what the server holds. */
class KubernetesSourceTest {
    private static final Map<String, Kind> KINDS = Map.of("nodes", Kind.NODE, "namespaces", Kind.NAMESPACE, "pods",
        Kind.POD, "services", Kind.SERVICE, "endpointslices", Kind.ENDPOINT_SLICE,
        "servicecidrs", Kind.SERVICE_CIDR);
    private static final Path CERTIFICATES = Path.of("src/test/resources/tls");

    @TempDir private Path directory;
    private final ScriptedApiServer server = new ScriptedApiServer();
    private final Failures failures = new Failures();
    private final Map<ObjectKey, ClusterObject> delivered = new ConcurrentHashMap<>();
    private final List<ClusterChange> changes = new CopyOnWriteArrayList<>();
    private final Map<String, String> settings = new HashMap<>();
    private KubernetesSource source;

    @BeforeEach
    void fill() {
        fill(server, slice("kubernetes", "192.0.2.10", 6443));
    }

    private static void fill(ScriptedApiServer server, ObjectNode ownSlice) {
        server.put("nodes", node("n1", 1));
        server.put("nodes", node("n2", 2));
        server.put("namespaces", namespace("default"));
        server.put("pods", pod("a", "n1", "10.244.1.5"));
        server.put("services", service("kubernetes", "10.96.0.1"));
        server.put("services", service("web", "10.96.0.10"));
        server.put("endpointslices", ownSlice);
        server.put("endpointslices", slice("web", "10.244.2.6", 8080));
    }

    @AfterEach
    void stop() {
        if (source != null) {
            source.close();
        }
        server.close();
        assertEquals(0, failures.summary().count(), failures.summary().last());
    }

    // -- without faults ----------------------------------------------------------------------------------------------

    @Test
    void deliversEverythingAtOnceAndThenChanges() throws IOException {
        follow();
        awaitTruth();
        assertEquals(1, changes.size());
        assertTrue(changes.getFirst().complete());
        assertEquals(8, changes.getFirst().updated().size());
        server.put("services", service("web", "10.96.0.11"));
        server.put("pods", pod("b", "n1", "10.244.1.6"));
        server.delete("endpointslices", "default/web");
        awaitTruth();
        assertTrue(changes.stream().skip(1).noneMatch(ClusterChange::complete));
        assertTrue(source.status().synced() && source.status().staleSince().isEmpty(), source.status().toString());
        assertTrue(
            server.requests().contains("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&limit=500&resourceVersion=0"),
            server.requests().toString());
    }

    @Test
    void deliversNothingUntilEveryKindHasBeenListed() throws IOException {
        server.answer((_, resource) -> resource.equals("endpointslices") ? Answer.of(503) : null);
        follow();
        awaitReason("list endpointslices: 503 Service Unavailable: as asked");
        assertFalse(source.status().synced());
        assertTrue(changes.isEmpty());
        server.answer((_, _) -> null);
        awaitTruth();
        assertEquals(1, changes.size());
    }

    @Test
    void doesWithoutServiceCidrsWhereTheServerHasNone() throws IOException {
        server.answer((_, resource) -> resource.equals("servicecidrs") ? Answer.of(404) : null);
        follow();
        awaitTruth();
        awaitUpToDate();
    }

    @Test
    void doesWithoutServiceCidrsThatAreNotGrantedAndSaysSo() throws IOException {
        server.put("servicecidrs", serviceCidr("more", "10.97.0.0/16"));
        server.answer((_, resource) -> resource.equals("servicecidrs") ? Answer.of(403) : null);
        follow();
        Await.until("the others", () -> delivered.size() == 8);
        awaitReason("Forbidden: the verb list on the resource servicecidrs is not granted: as asked");
        server.answer((_, _) -> null);
        awaitTruth();
        awaitUpToDate();
    }

    @Test
    void doesNotDeliverWhatChangesNothingForWeft() throws IOException {
        follow();
        awaitTruth();
        ObjectNode beats = node("n2", 2);
        beats.withObjectProperty("status").putArray("conditions").addObject().put("type", "Ready");
        server.put("nodes", beats);
        server.bookmark("nodes");
        server.put("services", service("other", "10.96.0.12"));
        awaitTruth();
        assertTrue(changes.stream().skip(1).flatMap(change -> change.updated().stream())
            .allMatch(object -> object.key().kind() == Kind.SERVICE), changes.toString());
    }

    @Test
    void aWrongObjectIsReportedAndKeepsItsLastGoodContent() throws IOException {
        follow();
        awaitTruth();
        ObjectNode wrong = service("web", "10.96.0.300");
        server.put("services", wrong);
        server.put("services", service("other", "10.96.0.12"));
        Await.until("the other service", () -> delivered.containsKey(new ObjectKey(Kind.SERVICE, "default", "other")));
        String error = "Service default/web: spec.clusterIPs[0]: must be an IP address, not \"10.96.0.300\"";
        Await.until("an error", () -> source.status().errors().equals(List.of(error)));
        assertEquals("10.96.0.10", clusterIp("web"));
        server.compact("services");
        awaitList("services", 2);
        assertEquals("10.96.0.10", clusterIp("web"));
        server.put("services", service("web", "10.96.0.13"));
        awaitTruth();
        Await.until("no error", () -> source.status().errors().isEmpty());
    }

    // -- the API is away or errs -------------------------------------------------------------------------------------

    @Test
    void serversThatRefuseConnectionsLeaveEverythingInForceAndCatchUp() throws IOException {
        follow();
        awaitTruth();
        server.stop();
        awaitReason(server.uri() + ": connection refused");
        server.delete("services", "default/web");
        server.put("services", service("new", "10.96.0.14"));
        server.put("nodes", node("n3", 3));
        assertTrue(delivered.containsKey(new ObjectKey(Kind.SERVICE, "default", "web")));
        server.start();
        awaitTruth();
        awaitUpToDate();
        assertEquals(1, changes.stream().filter(ClusterChange::complete).count());
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 500, 410, 403})
    void errorsLeaveEverythingInForceAndEndInTheTruth(int code) throws IOException {
        follow();
        awaitTruth();
        server.answer((_, _) -> new Answer(code, Map.of("Retry-After", "1"), "{\"message\":\"no\"}"));
        server.endWatches();
        server.delete("services", "default/web");
        server.put("nodes", node("n4", 4));
        Await.until("stale", () -> source.status().staleSince().isPresent());
        assertTrue(delivered.containsKey(new ObjectKey(Kind.SERVICE, "default", "web")));
        server.compact("services");
        server.answer((_, _) -> null);
        awaitTruth();
        awaitUpToDate();
    }

    @Test
    void saysWhichVerbOnWhichResourceIsMissing() throws IOException {
        server.answer((verb, resource) -> verb.equals("watch") && resource.equals("services")
            ? new Answer(403, Map.of(), "{\"message\":\"services is forbidden: User \\\"weft\\\" cannot watch\"}")
            : null);
        follow();
        awaitReason("Forbidden: the verb watch on the resource services is not granted: services is forbidden:"
            + " User \"weft\" cannot watch");
    }

    @Test
    void anExpiredVersionIsListedAgainAndWhatIsMissingIsRemovedInOneStep() throws IOException {
        follow();
        awaitTruth();
        server.tamper(_ -> List.of());
        server.delete("services", "default/web");
        server.put("services", service("next", "10.96.0.15"));
        server.put("services", service("after", "10.96.0.16"));
        server.tamper(lines -> lines);
        server.compact("services");
        awaitTruth();
        ClusterChange change = changes.getLast();
        assertEquals(List.of(new ObjectKey(Kind.SERVICE, "default", "web")), change.removed());
        assertEquals(2, change.updated().size());
    }

    @Test
    void aLongListComesInPages() throws IOException {
        follow();
        awaitTruth();
        server.tamper(_ -> List.of());
        for (int i = 0; i < 1200; i++) {
            server.put("services", service("many-" + i, "10.97." + i / 250 + "." + (1 + i % 250)));
        }
        server.tamper(lines -> lines);
        server.compact("services");
        awaitTruth();
        assertTrue(server.requests().contains("/api/v1/services?limit=500&continue=1000"),
            server.requests().toString());
        assertEquals(1200, changes.getLast().updated().size());
    }

    @Test
    void aVersionThatTheServerHasNotReachedIsListedAgain() throws IOException {
        server.answer((verb, resource) -> verb.equals("watch") && resource.equals("services") && lists(resource) < 2
            ? new Answer(504, Map.of(), "{\"message\":\"Too large resource version: 108, current: 7\"}") : null);
        follow();
        awaitList("services", 2);
        server.put("services", service("web", "10.96.0.22"));
        awaitTruth();
        awaitUpToDate();
    }

    @Test
    void halfAnEventIsReceivedAgain() throws IOException {
        follow();
        awaitTruth();
        AtomicInteger cuts = new AtomicInteger();
        server.tamper(lines -> cuts.incrementAndGet() > 3 ? lines
            : List.of(lines.getFirst().substring(0, lines.getFirst().length() / cuts.get())));
        server.put("services", service("web", "10.96.0.17"));
        server.put("endpointslices", slice("web", "10.244.2.7", 8080));
        awaitTruth();
        assertTrue(cuts.get() > 3);
        assertTrue(source.status().staleSince().isEmpty());
    }

    @Test
    void eventsTwiceAndOutOfOrderEndInTheTruth() throws IOException {
        server.tamper(lines -> {
            List<String> mixed = new ArrayList<>(lines);
            mixed.addAll(lines);
            Collections.reverse(mixed);
            return mixed;
        });
        follow();
        awaitTruth();
        for (int i = 0; i < 20; i++) {
            server.put("services", service("web", "10.96.1." + i));
            server.put("services", service("s" + i, "10.96.2." + i));
            if (i % 2 == 0) {
                server.delete("services", "default/s" + i);
            }
        }
        server.delete("services", "default/web");
        awaitTruth();
    }

    @Test
    void aSilentWatchIsBegunAgain() throws IOException {
        follow(Duration.ofMillis(500));
        awaitTruth();
        server.tamper(_ -> List.of());
        server.put("services", service("web", "10.96.0.18"));
        Await.until("another watch", () -> watches("services") > 1);
        server.tamper(lines -> lines);
        awaitTruth();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"items\":[]}", "<html>", "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{}]}"})
    void anAnswerThatIsNoListRemovesNothing(String body) throws IOException {
        follow();
        awaitTruth();
        server.answer((verb, resource) -> resource.equals("nodes") && verb.equals("list")
            ? new Answer(200, Map.of(), body) : null);
        server.compact("nodes");
        Await.until("stale", () -> source.status().staleSince().isPresent());
        assertEquals(8, delivered.size());
        server.answer((_, _) -> null);
        awaitTruth();
        awaitUpToDate();
    }

    // -- what is not believed ----------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(strings = {"nodes", "services", "endpointslices"})
    void anEmptyListOfWhatEveryClusterHasIsNotBelieved(String resource) throws IOException {
        follow();
        awaitTruth();
        server.answer((verb, asked) -> verb.equals("list") && asked.equals(resource) ? empty() : null);
        server.compact(resource);
        Await.until("not believed", () -> source.status().staleReason().contains("not believed"));
        awaitList(resource, 3);
        assertEquals(8, delivered.size());
        server.answer((_, _) -> null);
        server.put("services", service("web", "10.96.0.19"));
        awaitTruth();
        awaitUpToDate();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pods", "namespaces"})
    void anyOtherEmptyListIsTrue(String resource) throws IOException {
        follow();
        awaitTruth();
        server.tamper(_ -> List.of());
        server.delete(resource, resource.equals("pods") ? "default/a" : "default");
        server.tamper(lines -> lines);
        server.compact(resource);
        awaitTruth();
        assertTrue(delivered.keySet().stream().noneMatch(key -> key.kind() == KINDS.get(resource)));
    }

    @Test
    void waitsForItsOwnNodeAtFirst() throws IOException {
        server.delete("nodes", "n1");
        follow();
        awaitReason(
            "the list of nodes lacks this node's own, n1, and is not believed (has the kubelet registered it, and"
                + " is nodeName right?)");
        assertTrue(changes.isEmpty() && !source.status().synced());
        server.put("nodes", node("n1", 1));
        awaitTruth();
        awaitUpToDate();
    }

    // -- addresses and credentials -----------------------------------------------------------------------------------

    @Test
    void severalServersAreTriedInTurn() throws IOException {
        try (ScriptedApiServer other = new ScriptedApiServer().start()) {
            server.start();
            settings.put("source.servers", other.uri() + "," + server.uri());
            other.stop();
            follow();
            awaitTruth();
            awaitUpToDate();
            assertTrue(source.status().name().startsWith("Kubernetes API " + server.uri() + ", kubeconfig "),
                source.status().name());
        }
    }

    @Test
    void anAddressThatWeftServesIsLeftForTheEndpointsOfTheApi() throws Exception {
        settings.put("serviceCidr", "127.0.0.0/24");
        copy("authority-1.crt", "ca.crt");
        try (ScriptedApiServer behind = new ScriptedApiServer()) {
            behind.useTls(TestTls.context("server-1"), false);
            ObjectNode ownSlice = slice("kubernetes", "127.0.0.1", behind.start().uri().getPort());
            fill(behind, ownSlice);
            server.put("endpointslices", ownSlice);
            behind.put("endpointslices", ownSlice); // servers of one cluster have the same versions
            server.useTls(TestTls.context("server-1"), false);
            server.answer((_, resource) -> resource.equals("nodes") ? Answer.of(503) : null);
            follow();
            Await.until("advice", () -> source.status().errors().equals(List.of("source: " + server.uri()
                + " is the address of a Service, and a node with empty tables does not reach it: set source.servers to"
                + " the API servers' own addresses")));
            server.answer((_, _) -> null);
            awaitTruth();
            assertEquals(List.of(), source.status().errors());
            server.stop();
            behind.put("nodes", node("n5", 5));
            Await.until("the node", () -> delivered.containsKey(new ObjectKey(Kind.NODE, "", "n5")));
            awaitUpToDate();
        }
    }

    @Test
    void aRotatedTokenIsRead() throws IOException {
        server.requireToken("first");
        write("token", "first\n");
        follow("tokenFile: token");
        awaitTruth();
        server.requireToken("second");
        server.endWatches();
        awaitReason("Unauthorized: the API server does not accept the credentials: as asked");
        server.put("services", service("web", "10.96.0.20"));
        write("token", "second\n");
        awaitTruth();
        awaitUpToDate();
    }

    @Test
    void rotatedCertificatesAndAuthorityAreRead() throws Exception {
        server.useTls(TestTls.context("server-1"), true);
        copy("authority-1.crt", "ca.crt");
        copy("client-1.crt", "client.crt");
        copy("client-1.key", "client.key");
        follow("client-certificate: client.crt, client-key: client.key");
        awaitTruth();
        server.stop();
        server.useTls(TestTls.context("server-2"), true);
        server.put("services", service("web", "10.96.0.21"));
        server.start();
        awaitReason(server.uri() + ": its certificate is signed by an unknown authority");
        copy("client-2.crt", "client.crt");
        copy("client-2.key", "client.key");
        copy("authority-2.crt", "ca.crt");
        awaitTruth();
        awaitUpToDate();
    }

    @Test
    void credentialsThatAreNotThereYetAreAwaited() throws IOException {
        server.start();
        source = new KubernetesSource(api(), "n1", failures);
        source.start(recorder());
        awaitReason(directory.resolve("kubeconfig") + ": no such file or directory");
        writeKubeconfig("token: a");
        awaitTruth();
        awaitUpToDate();
    }

    // -- helpers -----------------------------------------------------------------------------------------------------

    private void follow() throws IOException {
        follow("token: a");
    }

    private void follow(String user) throws IOException {
        server.start();
        writeKubeconfig(user);
        follow(ResourceReader.WATCH_PATIENCE);
    }

    private void follow(Duration patience) throws IOException {
        if (!Files.exists(directory.resolve("kubeconfig"))) {
            server.start();
            writeKubeconfig("token: a");
        }
        source = new KubernetesSource(api(), "n1", failures, patience);
        source.start(recorder());
    }

    private KubernetesApi api() {
        settings.put("source.kubeconfig", directory.resolve("kubeconfig").toString());
        return KubernetesApi.of(NodeConfiguration.of(settings));
    }

    private void writeKubeconfig(String user) throws IOException {
        String authority = Files.exists(directory.resolve("ca.crt")) ? ", certificate-authority: ca.crt" : "";
        write("kubeconfig", """
            apiVersion: v1
            kind: Config
            current-context: weft
            contexts: [{name: weft, context: {cluster: lab, user: node}}]
            clusters: [{name: lab, cluster: {server: "%s"%s}}]
            users: [{name: node, user: {%s}}]
            """.formatted(server.uri(), authority, user));
    }

    /** Replaced as a whole, as kubelets and editors do it. */
    private void write(String name, String content) throws IOException {
        Path written = Files.writeString(directory.resolve(name + ".new"), content);
        Files.move(written, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private void copy(String from, String to) throws IOException {
        write(to, Files.readString(CERTIFICATES.resolve(from)));
    }

    private ClusterSource.Listener recorder() {
        return new ClusterSource.Listener() {
            @Override
            public void changed(ClusterChange change) {
                if (change.complete()) {
                    delivered.clear();
                }
                change.removed().forEach(delivered::remove);
                change.updated().forEach(object -> delivered.put(object.key(), object));
                changes.add(change);
            }

            @Override
            public void statusChanged() {
                // the tests ask for the status
            }
        };
    }

    private void awaitTruth() {
        Await.until("the server's objects", () -> delivered.equals(truth()),
            () -> delivered + " and " + source.status());
    }

    private Map<ObjectKey, ClusterObject> truth() {
        Map<ObjectKey, ClusterObject> truth = new HashMap<>();
        KINDS.forEach((resource, kind) -> server.all(resource).forEach(json -> {
            try {
                JsonObjectReader.read(kind, tree(json)).ifPresent(object -> truth.put(object.key(), object));
            } catch (WrongObjectException e) {
                throw new AssertionError(e);
            }
        }));
        return truth;
    }

    private static JsonTree tree(JsonNode json) {
        try (JsonParser parser = new JsonFactory().createParser(json.toString())) {
            parser.nextToken();
            return JsonTree.read(parser);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitReason(String reason) {
        Await.until("stale: " + reason, () -> source.status().staleReason().equals(reason),
            () -> source.status().staleReason());
    }

    private void awaitUpToDate() {
        Await.until("up to date", () -> source.status().synced() && source.status().staleSince().isEmpty(),
            () -> source.status().staleReason());
    }

    private void awaitList(String resource, int count) {
        Await.until(count + " lists of " + resource, () -> lists(resource) >= count);
    }

    private long lists(String resource) {
        return server.requests().stream()
            .filter(request -> request.contains("/" + resource + "?") && !request.contains("watch=1")).count();
    }

    private long watches(String resource) {
        return server.requests().stream()
            .filter(request -> request.contains("/" + resource + "?") && request.contains("watch=1")).count();
    }

    private String clusterIp(String name) {
        return ((Service) delivered.get(new ObjectKey(Kind.SERVICE, "default", name))).addresses().clusterIps()
            .getFirst()
            .toString();
    }

    private static Answer empty() {
        return new Answer(200, Map.of(), "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"900\"},\"items\":[]}");
    }
}
