package io.weft.controlplane.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.controlplane.FakeDataplane;
import io.weft.controlplane.TestNamespace;
import io.weft.controlplane.cni.CniNode.Answer;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.dataplane.counters.PortState;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plug-in and the server in a node's namespace, with real veths and pods and a dataplane that only writes counters. */
class CniTest extends CniPodTest {
    private static final int GATEWAY = Ipv4Address.of("10.244.7.1");
    private static final long GATEWAY_MAC = CniNode.GATEWAY_MAC;
    private static final IpPrefix POD_CIDR = IpPrefix.of("10.244.7.0/29");

    @Override
    CniNode makeNode() throws IOException {
        return new CniNode(directory, POD_CIDR, Duration.ofMillis(500));
    }

    @Test
    void addCreatesThePodsInterfaceAndReportsIt() {
        Answer answer = run("ADD", "c1", configuration("1.1.0"));
        assertEquals(0, answer.status(), answer.text());
        JsonNode result = answer.json();
        assertEquals("1.1.0", result.path("cniVersion").asText());
        String hostName = result.at("/interfaces/0/name").asText();
        assertTrue(AttachmentStore.isHostIfName(hostName), hostName);
        assertFalse(result.at("/interfaces/0").has("sandbox"));
        assertEquals("eth0", result.at("/interfaces/1/name").asText());
        assertEquals(pod.path().toString(), result.at("/interfaces/1/sandbox").asText());
        assertEquals(60_000, result.at("/interfaces/1/mtu").asInt());
        assertEquals("10.244.7.2/32", result.at("/ips/0/address").asText());
        assertEquals("10.244.7.1", result.at("/ips/0/gateway").asText());
        assertEquals(1, result.at("/ips/0/interface").asInt());
        assertEquals("10.244.7.0/29", result.at("/routes/0/dst").asText());
        assertEquals("0.0.0.0/0", result.at("/routes/1/dst").asText());
        assertEquals(1450, result.at("/routes/1/mtu").asInt());
        assertTrue(result.path("dns").isObject());
        assertPod(MacAddress.of(result.at("/interfaces/1/mac").asText()));
        assertHostEnd(hostName);
    }

    @Test
    void aVethRenamedOnTheNodeIsReplacedByAddAndDeletedByDel() {
        String name = run("ADD", "c1", configuration("1.1.0")).json().at("/interfaces/0/name").asText();
        rename(name, "renamed0");
        assertEquals(102, run("CHECK", "c1", configuration("1.1.0")).json().path("code").asInt());
        Answer again = run("ADD", "c1", configuration("1.1.0"));
        assertEquals(0, again.status(), again.text());
        rename(name, "renamed0");
        assertEquals(0, run("DEL", "c1", configuration("1.1.0")).status());
        try (Rtnetlink inPod = Rtnetlink.openIn(pod.path());
            Rtnetlink inNode = Rtnetlink.openIn(node.namespace.path())) {
            assertTrue(inPod.link("eth0").isEmpty());
            assertTrue(inNode.link("renamed0").isEmpty());
        }
    }

    private void rename(String from, String to) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace.path())) {
            int ifindex = rtnetlink.link(from).orElseThrow().index();
            rtnetlink.setDown(ifindex);
            rtnetlink.rename(ifindex, to);
            rtnetlink.setUp(ifindex);
        }
    }

    private void assertPod(long mac) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(pod.path())) {
            Link link = rtnetlink.link("eth0").orElseThrow();
            assertEquals(mac, link.mac());
            assertEquals(60_000, link.mtu());
            assertTrue(link.isUp());
            assertEquals(FakeDataplane.WORKERS, link.txQueues());
            assertEquals(List.of(Ipv4Address.of("10.244.7.2")),
                rtnetlink.addresses(link.index()).stream().map(address -> address.ip()).toList());
            assertTrue(rtnetlink.neighbours(link.index()).stream().anyMatch(neighbour -> neighbour.ip() == GATEWAY
                && neighbour.mac() == GATEWAY_MAC && neighbour.isValid() && !neighbour.isPermanent()));
            assertRoute(rtnetlink, "192.0.2.99", 1450);
            assertRoute(rtnetlink, "10.244.8.2", 1450);
            assertRoute(rtnetlink, "10.96.0.1", 1450);
            assertRoute(rtnetlink, "10.244.7.5", 0); // the device's
        }
    }

    private static void assertRoute(Rtnetlink pod, String destination, int mtu) {
        Route way = pod.lookup(Ipv4Address.of(destination)).orElseThrow();
        assertEquals(GATEWAY, way.gateway(), destination);
        assertEquals(mtu, way.mtu(), destination);
    }

    private void assertHostEnd(String name) {
        NetworkNamespace.run(node.namespace.path(), () -> {
            assertEquals("0", Sysctl.read("net/ipv4/conf/" + name + "/forwarding"));
            try (Rtnetlink rtnetlink = Rtnetlink.open()) {
                Link link = rtnetlink.link(name).orElseThrow();
                assertTrue(link.isUp());
                assertEquals(60_000, link.mtu());
                assertEquals(FakeDataplane.WORKERS, link.rxQueues());
                assertEquals(List.of(), rtnetlink.addresses(link.index()));
            }
        });
        assertEquals(List.of(name), node.tables.open);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"})
    void answersEveryVersionInItsOwnFormat(String version) {
        JsonNode result = run("ADD", "c1", configuration(version)).json();
        assertEquals(version, result.path("cniVersion").asText());
        assertEquals(version.startsWith("0."), result.at("/ips/0").has("version"));
        assertEquals(version.equals("1.1.0"), result.at("/interfaces/0").has("mtu"));
    }

    @Test
    void anUnknownVersionIsErrorOne() {
        Answer answer = run("ADD", "c1", configuration("0.2.0"));
        assertEquals(1, answer.status());
        assertEquals(1, answer.json().path("code").asInt());
    }

    @Test
    void aRepeatedAddGivesTheSameResult() {
        Answer first = run("ADD", "c1", configuration("1.1.0"));
        assertEquals(first, run("ADD", "c1", configuration("1.1.0")));
        assertEquals(1, node.store.all().size());
    }

    @Test
    void addAfterThePodWasRecreatedGivesANewInterface() {
        run("ADD", "c1", configuration("1.1.0"));
        pod.close();
        pod = new TestNamespace();
        Answer again = run("ADD", "c1", configuration("1.1.0"));
        assertEquals(0, again.status(), again.text());
        assertEquals(pod.path().toString(), again.json().at("/interfaces/1/sandbox").asText());
        assertEquals(1, node.store.all().size());
    }

    @Test
    void thePodsNameComesFromTheRuntimesArgumentsAndSurvivesARestart() throws IOException {
        String args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=kube-system;K8S_POD_NAME=coredns-0;K8S_POD_UID=1-2;X=a=b";
        assertEquals(0, node.addWith(args, "c1", pod.path()).status());
        assertEquals("kube-system/coredns-0", node.store.all().getFirst().podName());
        assertEquals(0, node.addWith("", "c1", pod.path()).status());
        node.stop();
        node.start();
        assertEquals("kube-system/coredns-0", node.store.all().getFirst().podName());
        assertEquals(0, node.addWith(args.replace("-0", "-1"), "c1", pod.path()).status());
        assertEquals("kube-system/coredns-1", node.store.all().getFirst().podName());
    }

    @Test
    void argumentsWithoutAPodAreNoErrorAndOnesThatAreNoPairsAre() {
        assertEquals(0, node.addWith("K8S_POD_NAMESPACE=default;K8S_POD_NAME=a/b;;", "c1", pod.path()).status());
        assertEquals("", node.store.all().getFirst().podName());
        Answer answer = node.addWith("K8S_POD_NAME", "c2", pod.path());
        assertEquals(4, answer.code());
        assertEquals("K8S_POD_NAME", answer.json().path("details").asText());
    }

    @Test
    void delSucceedsRepeatedlyAndWithoutThePod() {
        run("ADD", "c1", configuration("1.1.0"));
        assertEquals(new Answer(0, ""), run("DEL", "c1", configuration("1.1.0")));
        assertEquals(List.of(), node.hostEnds());
        assertEquals(List.of(), node.store.all());
        assertEquals(List.of(), node.tables.open);
        assertEquals(new Answer(0, ""), run("DEL", "c1", configuration("1.1.0")));
        pod.close();
        assertEquals(new Answer(0, ""), run("DEL", "c1", configuration("1.1.0")));
        assertEquals(new Answer(0, ""), CniNode.run("DEL", "c1", "eth0", "", configuration("1.0.0")));
        assertEquals(new Answer(0, ""), run("DEL", "never-seen", configuration("0.3.1")));
    }

    @Test
    void checkIsSilentUntilSomethingIsWrong() {
        String withResult = configuration("1.1.0").replaceFirst("}$",
            ",\"prevResult\":" + run("ADD", "c1", configuration("1.1.0")).text() + "}");
        assertEquals(new Answer(0, ""), run("CHECK", "c1", withResult));
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(pod.path())) {
            rtnetlink.deleteAddress(rtnetlink.link("eth0").orElseThrow().index(), Ipv4Address.of("10.244.7.2"), 32);
        }
        Answer wrong = run("CHECK", "c1", withResult);
        assertEquals(1, wrong.status());
        assertEquals("device eth0 has lost 10.244.7.2", wrong.json().path("msg").asText());
        assertEquals(3, run("CHECK", "other", withResult).json().path("code").asInt());
    }

    @Test
    void addUndoesEverythingWhenThePortFails() {
        node.tables.nextState = PortState.FAILED;
        Answer answer = run("ADD", "c1", configuration("1.1.0"));
        assertEquals(1, answer.status());
        assertEquals("no queue left", answer.json().path("details").asText());
        assertNothingLeft();
    }

    @Test
    void addUndoesEverythingAndSaysTryAgainWhenThePortDoesNotOpen() {
        node.tables.nextState = PortState.OPENING;
        assertEquals(11, run("ADD", "c1", configuration("1.1.0")).json().path("code").asInt());
        assertNothingLeft();
    }

    @Test
    void addSaysTryAgainWithoutPodCidrOrDataplane() {
        node.tables.podCidr = Optional.empty();
        assertEquals(11, run("ADD", "c1", configuration("1.1.0")).json().path("code").asInt());
        assertEquals(50, run("STATUS", "", configuration("1.1.0")).json().path("code").asInt());
        node.tables.podCidr = Optional.of(POD_CIDR);
        assertEquals(new Answer(0, ""), run("STATUS", "", configuration("1.1.0")));
        node.tables.inUse = false;
        assertEquals(50, run("STATUS", "", configuration("1.1.0")).json().path("code").asInt());
        node.dataplane.close();
        assertEquals(11, run("ADD", "c1", configuration("1.1.0")).json().path("code").asInt());
        assertEquals(51, run("STATUS", "", configuration("1.1.0")).json().path("code").asInt());
    }

    @Test
    void statusIsAnErrorWhileTheClusterIsNotFollowed() {
        node.tables.fault = "the control loop cannot rebuild the tables: java.lang.NullPointerException";
        Answer answer = run("STATUS", "", configuration("1.1.0"));
        assertEquals(50, answer.json().path("code").asInt());
        assertEquals(node.tables.fault, answer.json().path("msg").asText());
        node.tables.fault = "";
        assertEquals(new Answer(0, ""), run("STATUS", "", configuration("1.1.0")));
    }

    @Test
    void refusesAddsWithoutFreeAddressUntilOneIsReleased() {
        for (int i = 0; i < 5; i++) {
            try (TestNamespace more = new TestNamespace()) {
                assertEquals(0, run("ADD", "c" + i, configuration("1.1.0"), more.path()).status());
            }
        }
        assertEquals(11, run("ADD", "c5", configuration("1.1.0")).json().path("code").asInt());
        assertEquals(50, run("STATUS", "", configuration("1.1.0")).json().path("code").asInt());
        run("DEL", "c3", configuration("1.1.0"));
        assertEquals("10.244.7.5/32", run("ADD", "c5", configuration("1.1.0")).json().at("/ips/0/address").asText());
    }

    @Test
    void gcKeepsValidAttachmentsAndRemovesOrphans() {
        run("ADD", "c1", configuration("1.1.0"));
        try (TestNamespace other = new TestNamespace()) {
            run("ADD", "c2", configuration("1.1.0"), other.path());
            NetworkNamespace.run(node.namespace.path(), () -> {
                try (Rtnetlink rtnetlink = Rtnetlink.open()) {
                    rtnetlink.createVeth(VethSpec.of("weft0123456789a", "orphan"));
                }
            });
            String valid = configuration("1.1.0").replaceFirst("}$",
                ",\"cni.dev/valid-attachments\":[{\"containerID\":\"c2\",\"ifname\":\"eth0\"}]}");
            assertEquals(new Answer(0, ""), run("GC", "", valid));
            assertEquals(List.of(AttachmentStore.hostIfName(new AttachmentKey("c2", "eth0"))), node.hostEnds());
            assertEquals(1, node.store.all().size());
        }
    }

    @Test
    void reportsWrongInput() {
        assertEquals(4, run("ADD", "", configuration("1.1.0")).json().path("code").asInt());
        assertEquals(4,
            run("ADD", "c1", configuration("1.1.0"), Path.of("/run/netns/none")).json().path("code").asInt());
        assertEquals(6,
            run("ADD", "c1", "{\"cniVersion\":\"1.1.0\",\"socket\":\"" + node.socket() + "\"").json().path("code")
                .asInt());
        assertEquals(4, run("EAT", "c1", configuration("1.1.0")).json().path("code").asInt());
    }

    @Test
    void leavesAPlainFileAndALiveServersSocketAlone() throws IOException {
        CniServer second = new CniServer(node.socket(), null);
        assertTrue(assertThrows(IOException.class, second::start).getMessage()
            .contains("another control plane answers there"));
        assertEquals(0, run("DEL", "c1", configuration("1.1.0")).status());
        Path file = Files.writeString(directory.resolve("file"), "precious");
        assertTrue(assertThrows(IOException.class, new CniServer(file, null)::start).getMessage()
            .contains("is not a socket"));
        assertEquals("precious", Files.readString(file));
    }

    @Test
    void theSocketIsForRootOnly() throws IOException {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(node.socket())));
    }

    private void assertNothingLeft() {
        assertEquals(List.of(), node.store.all());
        assertEquals(List.of(), node.tables.open);
        assertEquals(List.of(), node.hostEnds());
    }

    private Answer run(String command, String container, String configuration) {
        return run(command, container, configuration, pod.path());
    }

    private static Answer run(String command, String container, String configuration, Path netns) {
        return CniNode.run(command, container, "eth0", netns.toString(), configuration);
    }

    private String configuration(String version) {
        return "{\"cniVersion\":\"" + version + "\",\"name\":\"weft\",\"type\":\"weft-cni\",\"socket\":\""
            + node.socket()
            + "\"}";
    }
}
