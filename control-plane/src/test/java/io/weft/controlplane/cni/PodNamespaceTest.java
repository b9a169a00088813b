package io.weft.controlplane.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.TestNamespace;
import io.weft.controlplane.cni.CniNode.Answer;
import io.weft.dataplane.counters.PortState;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.netlink.Address;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Neighbour;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.Rule;
import io.weft.nativebindings.netlink.VethSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Namespaces other than an empty pod's: the node's own, one that others use, one that no longer exists. */
class PodNamespaceTest extends CniPodTest {
    private static final int INVALID_VARIABLES = 4;

    /** Everything that an ADD might change in a namespace, except the state of neighbours, which changes by itself. */
    private record State(List<String> links, List<Integer> addresses, List<Route> routes, List<Rule> rules,
        List<Integer> neighbours) {
        static State of(Path namespace) {
            try (Rtnetlink rtnetlink = Rtnetlink.openIn(namespace)) {
                return new State(rtnetlink.links().stream().map(Link::name).sorted().toList(),
                    rtnetlink.addresses().stream().map(Address::ip).toList(), rtnetlink.routes(0), rtnetlink.rules(),
                    rtnetlink.neighbours().stream().map(Neighbour::ip).sorted().toList());
            }
        }
    }

    @Test
    void refusesTheNodesOwnNamespaceUnderEveryPathAndLeavesItUnchanged() throws IOException {
        giveDefaultRoute(node.namespace.path(), "uplink0", 0);
        State before = State.of(node.namespace.path());
        Path link = Files.createSymbolicLink(directory.resolve("link"), node.namespace.path());
        Path linkToLink = Files.createSymbolicLink(directory.resolve("link2"), link);
        for (Path path : List.of(node.namespace.path(), link, linkToLink)) {
            Answer answer = node.add("c1", "eth0", path);
            assertEquals(INVALID_VARIABLES, answer.code(), answer.text());
            assertEquals("CNI_NETNS is the node's own network namespace: " + path,
                answer.json().path("msg").asText());
            assertEquals(before, State.of(node.namespace.path()));
            assertEquals(Answer.SILENT, node.delete("c1", "eth0", path));
            assertEquals(before, State.of(node.namespace.path()));
        }
        assertEquals(List.of(), node.store.all());
    }

    /** Uses the name of an existing interface, so that even a plug-in that does not refuse changes nothing on this machine. */
    @ParameterizedTest
    @ValueSource(strings = {"/proc/self/ns/net", "/proc/1/ns/net"})
    void refusesTheNamespacesOfTheProcessAndOfProcessOne(String path) {
        Answer answer = node.add("c1", "lo", Path.of(path));
        boolean isOutOfSight = answer.text().contains("EACCES"); // process 1, from within a container
        assertTrue(isOutOfSight || answer.code() == INVALID_VARIABLES, answer.text());
        assertEquals(List.of(), node.store.all());
    }

    @Test
    void anAttachmentWhoseNamespaceBecameTheNodesIsDetachedWithoutTouchingIt() throws IOException {
        Path path = Files.createSymbolicLink(directory.resolve("netns"), pod.path());
        assertEquals(0, node.add("c1", "eth0", path).status());
        Files.delete(path);
        Files.createSymbolicLink(path, node.namespace.path());
        assertEquals(102, node.check("c1", "eth0", path).code());
        assertEquals(Answer.SILENT, node.delete("c1", "eth0", path));
        assertNothingLeft();
    }

    @Test
    void aDefaultRouteOfAnotherPlugInStays() {
        giveDefaultRoute(pod.path(), "other0", 100);
        State before = State.of(pod.path());
        Answer answer = node.add("c1", "eth0", pod.path());
        assertEquals(0, answer.status(), answer.text());
        assertTrue(answer.json().path("routes").isEmpty(), answer.text());
        assertEquals(main(before), main(State.of(pod.path())));
        assertEquals(Answer.SILENT, node.check("c1", "eth0", pod.path()));
        assertEquals(Answer.SILENT, node.delete("c1", "eth0", pod.path()));
        assertEquals(before, State.of(pod.path()));
    }

    @Test
    void anInterfaceWithThatNameThatIsNotWeftsStays() {
        giveDefaultRoute(pod.path(), "eth0", 0);
        State before = State.of(pod.path());
        Answer answer = node.add("c1", "eth0", pod.path());
        assertEquals(100, answer.code(), answer.text());
        assertTrue(answer.json().path("msg").asText().contains("EEXIST"), answer.text());
        assertEquals(before, State.of(pod.path()));
        assertNothingLeft();
        assertEquals(Answer.SILENT, node.delete("c1", "eth0", pod.path()));
        assertEquals(before, State.of(pod.path()));
    }

    @Test
    void addByAnotherPathToTheSameNamespaceChangesOnlyThePath() throws IOException {
        Answer first = node.add("c1", "eth0", pod.path());
        State before = State.of(pod.path());
        Path link = Files.createSymbolicLink(directory.resolve("link"), pod.path());
        Answer second = node.add("c1", "eth0", link);
        assertEquals(first.text().replace(pod.path().toString(), link.toString()), second.text());
        assertEquals(before, State.of(pod.path()));
        assertEquals(link.toString(), node.store.all().getFirst().netns());
    }

    @ParameterizedTest
    @ValueSource(strings = {"nothing", "file", "directory", "dangling link", "mount namespace"})
    void delAndGcSucceedAndReleaseAddressesWhateverIsLeftOfANamespace(String left) throws IOException {
        Path path = directory.resolve("netns");
        for (String container : List.of("c1", "c2")) {
            Files.deleteIfExists(path);
            try (TestNamespace gone = new TestNamespace()) {
                Files.createSymbolicLink(path, gone.path());
                assertEquals(0, node.add(container, "eth0", path).status());
            }
        }
        assertEquals(0, node.add("c3", "eth0", pod.path()).status());
        Files.delete(path);
        leave(path, left);
        assertEquals(102, node.check("c1", "eth0", path).code());
        assertEquals(Answer.SILENT, node.delete("c1", "eth0", path));
        assertEquals(Answer.SILENT, node.delete("c1", "eth0", path));
        assertEquals(Answer.SILENT, node.collect("[]"));
        assertNothingLeft();
        long free = node.store.freeAddresses();
        for (int i = 0; i < 3; i++) {
            Answer refused = node.add("bad" + i, "eth0", path);
            assertEquals(INVALID_VARIABLES, refused.code(), refused.text());
            assertEquals("CNI_NETNS is not a network namespace: " + path, refused.json().path("msg").asText());
        }
        assertEquals(free, node.store.freeAddresses());
    }

    private static void leave(Path path, String what) throws IOException {
        switch (what) {
            case "file" -> Files.createFile(path);
            case "directory" -> Files.createDirectory(path);
            case "dangling link" -> Files.createSymbolicLink(path, path.resolveSibling("nowhere"));
            case "mount namespace" -> Files.createSymbolicLink(path, Path.of("/proc/self/ns/mnt"));
            default -> assertFalse(Files.exists(path));
        }
    }

    @Test
    void gcContinuesAfterFailuresAndReportsAll() {
        for (int i = 0; i < 4; i++) {
            try (TestNamespace more = new TestNamespace()) {
                assertEquals(0, node.add("c" + i, "eth0", more.path()).status());
            }
        }
        node.tables.unwritable.addAll(List.of("c0", "c2"));
        Answer answer = node.collect("null");
        assertEquals("2 could not be removed", answer.json().path("msg").asText());
        assertEquals("c0/eth0: no space left on device; c2/eth0: no space left on device",
            answer.json().path("details").asText());
        assertEquals(List.of("c0", "c2"),
            node.store.all().stream().map(attachment -> attachment.key().containerId()).toList());
        node.tables.unwritable.clear();
        assertEquals(Answer.SILENT, node.collect("null"));
        assertNothingLeft();
    }

    @Test
    void aFailedAddReleasesEverythingEvenIfAStepOfTheUndoFails() {
        State before = State.of(pod.path());
        node.tables.nextState = PortState.FAILED;
        node.tables.closeFails = true;
        Answer answer = node.add("c1", "eth0", pod.path());
        assertEquals(101, answer.code(), "the first error counts: " + answer.text());
        assertEquals(List.of(), node.store.all());
        assertEquals(List.of(), node.hostEnds());
        assertEquals(before, State.of(pod.path()));
        node.tables.closeFails = false;
        node.tables.nextState = PortState.UP;
        assertEquals(0, node.add("c1", "eth0", pod.path()).status());
    }

    @Test
    void keepsTheAddressOfADeviceThatCouldNotBeDeleted() throws IOException {
        assertEquals(0, node.add("c1", "eth0", pod.path()).status());
        node.tables.unwritable.add("c1");
        assertNotEquals(0, node.delete("c1", "eth0", pod.path()).status());
        assertEquals(1, node.store.all().size());
        node.tables.unwritable.clear();
        assertEquals(Answer.SILENT, node.delete("c1", "eth0", pod.path()));
        assertNothingLeft();
    }

    private void assertNothingLeft() {
        assertEquals(List.of(), node.store.all());
        assertEquals(List.of(), node.hostEnds());
        assertEquals(List.of(), node.tables.open);
    }

    private static List<Route> main(State state) {
        return state.routes().stream().filter(route -> route.table() == Route.RT_TABLE_MAIN).toList();
    }

    private static void giveDefaultRoute(Path namespace, String device, int metric) {
        NetworkNamespace.run(namespace, () -> {
            try (Rtnetlink rtnetlink = Rtnetlink.open()) {
                Link link = rtnetlink.createVeth(VethSpec.of(device, "peer0"));
                rtnetlink.setUp(link.index());
                rtnetlink.addAddress(link.index(), Ipv4Address.of("192.0.2.1"), 24, Route.RT_SCOPE_UNIVERSE);
                rtnetlink.addRoute(
                    Route.to(0, 0).via(Ipv4Address.of("192.0.2.254"), link.index()).metric(metric));
            }
        });
    }
}
