package io.weft.controlplane.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.Await;
import io.weft.controlplane.FakeDataplane;
import io.weft.controlplane.TestNamespace;
import io.weft.controlplane.api.RawClient;
import io.weft.controlplane.cni.CniCall;
import io.weft.controlplane.role.StartException;
import io.weft.controlplane.status.StatusFile;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesException;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSnapshot;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A complete control plane in a node's namespace: manifests in, tables and status out, pods through CNI, restarts. */
class ControlPlaneTest {
    private static final String NODE = "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDR: 10.244.1.0/24},"
        + " status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}}\n";
    private static final String PEER = "{apiVersion: v1, kind: Node, metadata: {name: n2, annotations: {weft.io/node: \"true\"}},"
        + " spec: {podCIDR: 10.244.2.0/24}, status: {addresses: [{type: InternalIP, address: 192.0.2.2}]}}\n";

    @TempDir private Path directory;
    private Path manifests;
    private TestNamespace node;
    private NodeConfiguration configuration;
    private ControlPlane controlPlane;
    private FakeDataplane dataplane;

    @BeforeEach
    void prepare() throws IOException {
        node = new TestNamespace();
        manifests = Files.createDirectory(directory.resolve("manifests"));
        Files.createDirectory(directory.resolve("run"));
        configuration = NodeConfiguration.of(Map.of("nodeName", "n1", "uplink", "up0", "serviceCidr", "10.96.0.0/16",
            "runDirectory", directory.resolve("run").toString(), "stateDirectory",
            directory.resolve("state").toString(),
            "source.manifests", manifests.toString(), "api.listen", ""));
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.path())) {
            Link uplink = rtnetlink.createVeth(VethSpec.of("up0", "peer0"));
            rtnetlink.addAddress(uplink.index(), Ipv4Address.of("192.0.2.1"), 24, Route.RT_SCOPE_UNIVERSE);
            rtnetlink.setUp(uplink.index());
        }
        dataplane = new FakeDataplane(configuration.runDirectory());
    }

    @AfterEach
    void stop() {
        if (controlPlane != null) {
            controlPlane.close();
        }
        if (dataplane != null) {
            dataplane.close();
        }
        node.close();
    }

    @Test
    void manifestsBecomeTablesAndStatus() throws Exception {
        put("nodes.yaml", NODE + "---\n" + PEER);
        start();
        awaitPeers("n2");
        TablesSnapshot tables = tables().orElseThrow();
        assertEquals("10.244.1.0/24", tables.local().orElseThrow().podCidr().toString());
        assertEquals(65_200, tables.local().orElseThrow().podMtu());
        assertEquals(1450, tables.local().orElseThrow().offNodeMtu());
        put("broken.yaml", "apiVersion: v1\nkind: Node\nmetadata: {name: n3}\nspec: {podCIDR: ten}\n");
        Await.until("an error in the status", () -> StatusFile.read(configuration.runDirectory())
            .map(status -> status.source().errors()
                .equals(List.of(manifests + "/broken.yaml:4: Node/n3: spec.podCIDR: must be"
                    + " an address prefix such as 10.244.1.0/24, not \"ten\"")))
            .orElse(false));
        Await.until("annotations", () -> StatusFile.read(configuration.runDirectory()).orElseThrow().annotations()
            .getOrDefault("flannel.alpha.coreos.com/public-ip", "").equals("192.0.2.1"));
    }

    @Test
    void reportsAWrongObjectWithItsLineAndAppliesTheOthers() throws Exception {
        put("nodes.yaml", NODE);
        put("dup.yaml", service("a-dup", "10.96.0.77", "{name: http, port: 80}, {name: web, port: 80}"));
        put("other.yaml", service("z-other", "10.96.0.78", "{port: 81}"));
        start();
        awaitServices("10.96.0.77:80", "10.96.0.78:81");
        awaitProblems(manifests + "/dup.yaml:1: Service default/a-dup: port 80/TCP is given twice; the first, \"http\","
            + " counts");
        put("dup.yaml",
            service("a-dup", "10.96.0.77", "{name: http, port: 80}, {name: web, port: 80}, {name: x, port: 90}"));
        awaitServices("10.96.0.77:80", "10.96.0.77:90", "10.96.0.78:81");
        put("other.yaml", service("z-other", "10.96.0.78", "{port: 82}"));
        awaitServices("10.96.0.77:80", "10.96.0.77:90", "10.96.0.78:82");
        put("dup.yaml", service("a-dup", "10.96.0.77", "{name: http, port: 80}"));
        awaitServices("10.96.0.77:80", "10.96.0.78:82");
        awaitProblems();
        Files.delete(manifests.resolve("dup.yaml"));
        awaitServices("10.96.0.78:82");
        assertEquals(0, StatusFile.read(configuration.runDirectory()).orElseThrow().health().failures());
    }

    private static String service(String name, String clusterIp, String ports) {
        return "{apiVersion: v1, kind: Service, metadata: {name: " + name + "}, spec: {clusterIP: " + clusterIp
            + ", ports: [" + ports + "]}}\n";
    }

    private void awaitServices(String... expected) {
        Await.until("services " + List.of(expected), () -> serviceAddresses().equals(List.of(expected)));
    }

    private List<String> serviceAddresses() {
        List<String> all = new ArrayList<>();
        try (TablesReader reader = TablesReader.open(configuration.runDirectory())) {
            reader.services().forEach(
                service -> all.add(service.key().vip() + ":" + service.key().port()));
        } catch (TablesException e) {
            return List.of();
        }
        all.sort(null);
        return all;
    }

    private void awaitProblems(String... expected) {
        Await.until("problems " + List.of(expected), () -> StatusFile.read(configuration.runDirectory())
            .map(status -> status.problems().equals(List.of(expected))).orElse(false));
    }

    @Test
    void servesTheApiToRoot() throws Exception {
        put("nodes.yaml", NODE + "---\n" + PEER);
        start();
        awaitPeers("n2");
        Await.until("status", () -> StatusFile.read(configuration.runDirectory()).isPresent());
        dataplane.adopt(StatusFile.read(configuration.runDirectory()).orElseThrow().tables().incarnation());
        Await.until("readiness", () -> api("/readyz").startsWith("HTTP/1.1 200 "), () -> api("/readyz"));
        assertTrue(api("/api/v1/tunnels").contains("\"n2\""), api("/api/v1/tunnels"));
        assertTrue(api("/metrics").contains("\nweft_peers 1.0\n"), api("/metrics"));
    }

    private String api(String path) {
        try {
            return RawClient.exchange(configuration.api().socket(), RawClient.get(path, "Connection: close"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void keepsTheTablesWhenTheDirectoryIsDeleted() throws Exception {
        put("nodes.yaml", NODE + "---\n" + PEER);
        start();
        awaitPeers("n2");
        Files.move(manifests, directory.resolve("aside"));
        Await.until("stale", () -> StatusFile.read(configuration.runDirectory())
            .map(status -> status.source().staleSinceMillis() != 0).orElse(false));
        assertEquals(1, tables().orElseThrow().peers().size());
        controlPlane.close();
        start();
        Await.until("the journal", () -> StatusFile.read(configuration.runDirectory())
            .map(status -> status.source().staleReason().startsWith("no such directory; serving the journal of ")
                && status.tables().published())
            .orElse(false));
        assertEquals(1, tables().orElseThrow().peers().size());
    }

    @Test
    void aMachineThatBootsWithoutItsSourceServesTheJournal() throws Exception {
        put("nodes.yaml", NODE + "---\n" + PEER);
        put("web.yaml", service("web", "10.96.0.77", "{port: 80}"));
        start();
        awaitServices("10.96.0.77:80");
        controlPlane.close();
        Files.move(manifests, directory.resolve("aside"));
        Files.delete(configuration.runDirectory().resolve("tables"));
        start();
        awaitPeers("n2");
        awaitServices("10.96.0.77:80");
        assertEquals("10.244.1.0/24", tables().orElseThrow().local().orElseThrow().podCidr().toString());
        Path aside = directory.resolve("aside");
        Files.delete(aside.resolve("web.yaml"));
        Files.writeString(aside.resolve("more.yaml"),
            PEER.replace("n2", "n0").replace("192.0.2.2", "192.0.2.9").replace("10.244.2", "10.244.9"));
        Files.move(aside, manifests);
        awaitPeers("n2", "n0"); // in the order of their indices: the known one's stays
        awaitServices();
        Await.until("up to date", () -> StatusFile.read(configuration.runDirectory())
            .map(status -> status.source().staleReason().isEmpty()).orElse(false));
    }

    @Test
    void restoresAttachmentsAndPeersAfterARestart() throws Exception {
        put("nodes.yaml", NODE + "---\n" + PEER);
        start();
        awaitPeers("n2");
        try (TestNamespace pod = new TestNamespace()) {
            Thread opener = openPortsMeanwhile();
            assertEquals(0, CniCall.run("ADD", "c1", pod.path(), configuration.cni().socket()).status());
            opener.interrupt();
            opener.join();
            PortSpec port = tables().orElseThrow().ports().getFirst();
            long incarnation = incarnation();
            controlPlane.close();
            put("peer.yaml",
                PEER.replace("n2", "n0").replace("192.0.2.2", "192.0.2.9").replace("10.244.2", "10.244.9"));
            start();
            awaitPeers("n2", "n0");
            assertNotEquals(incarnation, incarnation());
            Await.until("the port", () -> tables().orElseThrow().ports().equals(List.of(port)));
            assertEquals(0, tables().orElseThrow().peers().getFirst().index());
            assertEquals("n2", tables().orElseThrow().peers().getFirst().nodeName());
            deviceDisappears(port.ifName());
        }
        assertEquals(0, CniCall.run("DEL", "c1", Path.of("/none"), configuration.cni().socket()).status());
        Await.until("nothing given",
            () -> StatusFile.read(configuration.runDirectory()).orElseThrow().addresses().given() == 0);
    }

    @Test
    void keepsThePortOfAPodWithADamagedRecordAndReportsIt() throws Exception {
        put("nodes.yaml", NODE);
        start();
        awaitPeers();
        try (TestNamespace pod = new TestNamespace(); TestNamespace other = new TestNamespace()) {
            Thread opener = openPortsMeanwhile();
            assertEquals(0, CniCall.run("ADD", "c1", pod.path(), configuration.cni().socket()).status());
            PortSpec port = tables().orElseThrow().ports().getFirst();
            controlPlane.close();
            Path journal = directory.resolve("state/ipam/attachments");
            byte[] bytes = Files.readAllBytes(journal);
            bytes[bytes.length - 30] ^= 0x20;
            Files.write(journal, bytes);
            start();
            Await.until("the port", () -> tables().map(tables -> tables.ports().equals(List.of(port))).orElse(false));
            Await.until("a note", () -> StatusFile.read(configuration.runDirectory())
                .map(status -> status.addresses().notes().stream()
                    .anyMatch(note -> note.startsWith("c1/eth0, 10.244.1.2 on " + port.ifName())))
                .orElse(false));
            assertEquals(0, CniCall.run("ADD", "c2", other.path(), configuration.cni().socket()).status());
            assertEquals(List.of("10.244.1.2", "10.244.1.3"), tables().orElseThrow().ports().stream()
                .map(each -> each.podIp().toString()).sorted().toList());
            opener.interrupt();
            opener.join();
        }
    }

    @Test
    void releasesAnAddressWhenDeviceAndNamespaceAreGoneEvenIfAFileIsLeft() throws Exception {
        put("nodes.yaml", NODE);
        start();
        awaitPeers();
        Path netns = directory.resolve("netns");
        String device;
        try (TestNamespace pod = new TestNamespace()) {
            Files.createSymbolicLink(netns, pod.path());
            Thread opener = openPortsMeanwhile();
            assertEquals(0, CniCall.run("ADD", "c1", netns, configuration.cni().socket()).status());
            opener.interrupt();
            opener.join();
            device = tables().orElseThrow().ports().getFirst().ifName();
            awaitAllocated(1);
            Files.delete(netns);
            Files.createFile(netns);
        }
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.path())) {
            Await.until("the device is gone with its pod", () -> rtnetlink.link(device).isEmpty());
        }
        awaitAllocated(0);
    }

    private void awaitAllocated(int attachments) {
        Await.until(attachments + " allocated",
            () -> StatusFile.read(configuration.runDirectory())
                .map(status -> status.addresses().given() == attachments).orElse(false));
    }

    @Test
    void closesThePortOfARenamedDevice() throws Exception {
        put("nodes.yaml", NODE);
        start();
        awaitPeers();
        try (TestNamespace pod = new TestNamespace()) {
            Thread opener = openPortsMeanwhile();
            assertEquals(0, CniCall.run("ADD", "c1", pod.path(), configuration.cni().socket()).status());
            opener.interrupt();
            opener.join();
            String name = tables().orElseThrow().ports().getFirst().ifName();
            rename(name, "renamed0");
            Await.until("the port is gone", () -> tables().orElseThrow().ports().isEmpty());
            rename("renamed0", name);
            Await.until("the port is back", () -> tables().orElseThrow().ports().size() == 1);
        }
    }

    private void rename(String from, String to) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.path())) {
            int ifindex = rtnetlink.link(from).orElseThrow().index();
            rtnetlink.setDown(ifindex);
            rtnetlink.rename(ifindex, to);
            rtnetlink.setUp(ifindex);
        }
    }

    private void deviceDisappears(String name) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.path())) {
            rtnetlink.deleteLink(name);
        }
        Await.until("the port is gone", () -> tables().orElseThrow().ports().isEmpty());
    }

    @Test
    void refusesASecondControlPlaneInOneLine() throws Exception {
        put("nodes.yaml", NODE);
        start();
        StartException e = assertThrows(StartException.class,
            () -> NetworkNamespace.call(node.path(), () -> ControlPlane.start(configuration)));
        assertTrue(
            e.getMessage().matches(
                "another weft control-plane runs on \\S+ \\(process \\d+\\); stop it, or set another runDirectory"),
            e.getMessage());
        awaitPeers();
    }

    @Test
    void reportsAMissingDeviceInOneLine() {
        NodeConfiguration wrong = NodeConfiguration.of(Map.of("nodeName", "n1", "uplink", "eth99",
            "runDirectory", directory.resolve("run").toString(), "stateDirectory",
            directory.resolve("state").toString(),
            "source.manifests", manifests.toString(), "api.listen", ""));
        StartException e = assertThrows(StartException.class,
            () -> NetworkNamespace.call(node.path(), () -> ControlPlane.start(wrong)));
        assertEquals("uplink: this machine has no device eth99; `ip link` lists its devices", e.getMessage());
    }

    private void start() {
        controlPlane = NetworkNamespace.call(node.path(), () -> ControlPlane.start(configuration));
    }

    /** Reports each port in the tables as up, as a dataplane does. */
    private Thread openPortsMeanwhile() {
        return Thread.ofPlatform().daemon().start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                tables().ifPresent(tables -> tables.ports().forEach(port -> dataplane.say(
                    port.id(), port.attachId(), port.ifName(), PortState.UP, "")));
            }
        });
    }

    private void awaitPeers(String... names) {
        Await.until("peers " + List.of(names), () -> tables()
            .map(tables -> tables.peers().stream().map(peer -> peer.nodeName()).toList().equals(List.of(names)))
            .orElse(false));
    }

    private Optional<TablesSnapshot> tables() {
        try (TablesReader reader = TablesReader.open(configuration.runDirectory())) {
            return Optional.of(reader.snapshot());
        } catch (TablesException e) {
            return Optional.empty();
        }
    }

    private long incarnation() {
        try (TablesReader reader = TablesReader.open(configuration.runDirectory())) {
            return reader.incarnation();
        }
    }

    private void put(String name, String content) throws IOException {
        Path fresh = Files.writeString(directory.resolve(name + ".new"), content);
        Files.move(fresh, manifests.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }
}
