package io.weft.controlplane.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.TestNamespace;
import io.weft.controlplane.cni.CniNode.Answer;
import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pods keep running while their records are damaged or lost; then the control plane restarts. */
class AttachmentRecoveryTest {
    private static final int PODS = 3;

    @TempDir private Path directory;
    private CniNode node;
    private final List<TestNamespace> pods = new ArrayList<>();
    private List<Attachment> records;

    @BeforeEach
    void start() throws IOException {
        node = new CniNode(directory);
        for (int i = 0; i < PODS; i++) {
            pods.add(new TestNamespace());
            assertEquals(0, node.add("c" + i, "eth0", pods.get(i).path()).status());
        }
        records = node.store.all();
    }

    @AfterEach
    void stop() throws IOException {
        pods.forEach(TestNamespace::close);
        node.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void recreatesADamagedRecordFromThePodsDevice(int damaged) throws IOException {
        node.stop();
        damageRecordOf("c" + damaged);
        node.start();
        assertEquals(new HashSet<>(records), new HashSet<>(node.store.all()));
        assertEquals(2, node.store.notes().size(), node.store.notes().toString());
        assertTrue(node.store.notes().get(0).matches(".*attachments: damaged in 1 place, .*attachments.damaged"),
            node.store.notes().get(0));
        assertTrue(
            node.store.notes().get(1).startsWith("c" + damaged + "/eth0, 10.244.7." + (damaged + 2) + " on weft"),
            node.store.notes().get(1));
        assertNoAddressTwice();
        node.stop();
        node.start();
        assertEquals(List.of(), node.store.notes(), "the record is on disk again");
    }

    @Test
    void reportsAnIncompleteLastRecordOnlyIfItsDeviceExists() throws IOException {
        node.stop();
        byte[] journal = Files.readAllBytes(node.journal());
        Files.write(node.journal(), Arrays.copyOf(journal, journal.length + 40)); // zeros, as after a power cut
        node.start();
        assertEquals(List.of(), node.store.notes());
        node.stop();
        Files.write(node.journal(), Arrays.copyOf(journal, journal.length - 7));
        node.start();
        assertEquals(1, node.store.notes().size(), node.store.notes().toString());
        assertEquals(new HashSet<>(records), new HashSet<>(node.store.all()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void recreatesALostFile(boolean empty) throws IOException {
        node.stop();
        Files.delete(node.journal());
        if (empty) {
            Files.createFile(node.journal());
        }
        node.start();
        assertEquals(new HashSet<>(records), new HashSet<>(node.store.all()));
        assertEquals(PODS + (empty ? 1 : 0), node.store.notes().size(), node.store.notes().toString());
        assertNoAddressTwice();
        assertEquals(Answer.SILENT, node.collect("[{\"containerID\":\"c1\",\"ifname\":\"eth0\"}]"));
        assertEquals(List.of("c1"), node.store.all().stream().map(a -> a.key().containerId()).toList());
    }

    /** Devices of earlier versions have no alias; others may have overwritten it. */
    @Test
    void readsTheAddressOfAnUnlabelledPodAndReservesIt() throws IOException {
        String device = records.getLast().hostIfName();
        node.stop();
        damageRecordOf("c2");
        setAlias(device, "web server");
        node.start();
        Attachment held = node.store.all().getLast();
        assertTrue(held.key().isUnknown());
        assertEquals(records.getLast().podIp(), held.podIp());
        assertEquals(records.getLast().podMac(), held.podMac());
        assertEquals(device, held.hostIfName());
        assertTrue(node.store.notes().getLast().startsWith("10.244.7.4 on " + device), node.store.notes().toString());
        assertNoAddressTwice();
        assertEquals(Answer.SILENT, node.collect("[{\"containerID\":\"c0\",\"ifname\":\"eth0\"}]"));
        assertTrue(node.hostEnds().contains(device), "the device may belong to another network");
        assertEquals(102, node.check("c2", "eth0", pods.get(2).path()).code(), "its port is not open yet");
        assertEquals("10.244.7.4/32", node.add("c2", "eth0", pods.get(2).path()).address());
        assertEquals(Answer.SILENT, node.check("c2", "eth0", pods.get(2).path()));
        Attachment named = node.store.all().getLast();
        assertEquals(new AttachmentKey("c2", "eth0"), named.key());
        node.stop();
        Files.delete(node.journal());
        node.start();
        assertTrue(node.store.all().contains(named), "its label is written, too");
    }

    @Test
    void detachesAnUnknownPodByItsName() throws IOException {
        node.stop();
        damageRecordOf("c2");
        setAlias(records.getLast().hostIfName(), "");
        node.start();
        long free = node.store.freeAddresses();
        assertEquals(Answer.SILENT, node.delete("c2", "eth0", pods.get(2).path()));
        assertEquals(free + 1, node.store.freeAddresses());
        assertEquals(2, node.hostEnds().size());
    }

    @Test
    void labelsDevicesOfAnEarlierVersion() throws IOException {
        node.stop();
        records.forEach(record -> setAlias(record.hostIfName(), ""));
        node.start();
        assertEquals(records, node.store.all());
        node.stop();
        Files.delete(node.journal());
        node.start();
        assertEquals(new HashSet<>(records), new HashSet<>(node.store.all()));
    }

    @Test
    void portsOfTheNodeAreRecoveredOrReportedAsLost() throws IOException {
        try (TestNamespace pod = new TestNamespace(); TestNamespace another = new TestNamespace()) {
            assertEquals(0, addWithHostPorts("p0", pod).status());
            List<Attachment> before = node.store.all();
            Attachment record = before.getLast();
            assertEquals(2, record.portMappings().size());
            node.stop();
            Files.delete(node.journal());
            node.start();
            assertEquals(new HashSet<>(before), new HashSet<>(node.store.all()));
            assertTrue(node.store.notes().stream().noneMatch(note -> note.contains("hostPort")),
                node.store.notes().toString());
            assertTrue(addWithHostPorts("p1", another).text().contains("hostPort 8080/TCP is that of p0/eth0"));
            node.stop();
            Files.delete(node.journal());
            setAlias(record.hostIfName(), "weft1 %s %d %x p0 eth0 weft %s".formatted(record.podIp(), record.portId(),
                record.attachId(), record.netns()));
            node.start();
            assertEquals(List.of(), node.store.find(record.key()).orElseThrow().portMappings());
            assertTrue(node.store.notes().stream().anyMatch(note -> note.startsWith("p0/eth0") && note.endsWith(
                "; hostPorts that its device does not name are no longer served: delete the pod if it has any")),
                node.store.notes().toString());
        }
    }

    private Answer addWithHostPorts(String container, TestNamespace pod) {
        return node.call("ADD", container, "eth0", pod.path().toString(), "\"runtimeConfig\":{\"portMappings\":["
            + "{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"tcp\"},"
            + "{\"hostPort\":53,\"containerPort\":53,\"protocol\":\"udp\",\"hostIP\":\"192.0.2.11\"}]}");
    }

    @Test
    void theDevicesOverrideAnOldCopyOfTheFile() throws IOException {
        byte[] old = Files.readAllBytes(node.journal());
        assertEquals(Answer.SILENT, node.delete("c0", "eth0", pods.get(0).path()));
        assertEquals(Answer.SILENT, node.delete("c1", "eth0", pods.get(1).path()));
        Answer moved = node.add("c1", "eth0", pods.get(1).path());
        Answer fresh = node.add("c9", "eth0", pods.get(0).path());
        List<Attachment> now = node.store.all();
        node.stop();
        Files.write(node.journal(), old);
        node.start();
        assertTrue(node.store.all().containsAll(now), node.store.all().toString());
        assertEquals(moved.address(), node.add("c1", "eth0", pods.get(1).path()).address());
        assertEquals(fresh.address(), node.add("c9", "eth0", pods.get(0).path()).address());
        assertNoAddressTwice();
    }

    @Test
    void reportsADeviceWithoutAddressAndLeavesItAlone() throws IOException {
        try (TestNamespace other = new TestNamespace();
            NetworkNamespace namespace = NetworkNamespace.open(other.path());
            Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace.path())) {
            Link link = rtnetlink.createVeth(
                VethSpec.of("weft0123456789a", "eth0").withPeerNamespace(namespace.fd()));
            rtnetlink.setUp(link.index());
            node.stop();
            node.start();
            assertEquals(
                List.of("weft0123456789a has no record, and its other end has no address; Weft leaves it alone"),
                node.store.notes());
            node.store.followDevices(Set.of());
            assertEquals(List.of(), node.store.notes());
        }
    }

    private void assertNoAddressTwice() {
        try (TestNamespace fresh = new TestNamespace()) {
            String address = node.add("fresh", "eth0", fresh.path()).address();
            records.forEach(record -> assertNotEquals(
                record.podIp() + "/32", address));
            assertEquals(Answer.SILENT, node.delete("fresh", "eth0", fresh.path()));
        }
    }

    private void damageRecordOf(String container) throws IOException {
        byte[] journal = Files.readAllBytes(node.journal());
        int at = new String(journal, StandardCharsets.ISO_8859_1).lastIndexOf(container + "\4eth0");
        assertTrue(at > 0, container);
        journal[at] ^= 0x20;
        Files.write(node.journal(), journal);
    }

    private void setAlias(String device, String alias) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace.path())) {
            rtnetlink.setAlias(rtnetlink.link(device).orElseThrow().index(), alias);
        }
    }
}
