package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RtnetlinkLinkTest {
    private static final long MAC = 0x02_00_00_00_01_0AL;
    private static final long PEER_MAC = 0x02_00_00_00_01_0BL;

    private TestNamespace node;
    private TestNamespace pod;

    @BeforeEach
    void createNamespaces() {
        node = new TestNamespace();
        pod = new TestNamespace();
    }

    @AfterEach
    void deleteNamespaces() {
        if (node != null) {
            node.close();
        }
        if (pod != null) {
            pod.close();
        }
    }

    @Test
    void anAliasIsKeptWithTheLink() {
        Link host = createPodVeth();
        assertEquals("", host.alias());
        String longest = "a".repeat(Link.IFALIASZ - 2);
        node.rtnetlink.setAlias(host.index(), longest);
        assertEquals(longest, node.rtnetlink.link(host.index()).orElseThrow().alias());
        node.rtnetlink.setAlias(host.index(), "weft 10.244.1.2");
        assertTrue(node.output("ip", "link", "show", "dev", host.name()).contains("alias weft 10.244.1.2"));
    }

    @Test
    void newNamespaceHasOnlyLoopback() {
        List<Link> links = node.rtnetlink.links();
        Link loopback = links.stream().filter(Link::isLoopback).findFirst().orElseThrow();
        assertEquals("lo", loopback.name());
        assertEquals(1, loopback.index());
        assertEquals(65536, loopback.mtu());
        assertTrue(loopback.isUp());
        assertEquals(0, loopback.mac());
    }

    @Test
    void createsPodVethWithQueuesAddressesAndMtuOnBothEnds() {
        Link host = createPodVeth();
        Link peer = pod.rtnetlink.link("eth0").orElseThrow();

        assertEquals("veth", host.kind());
        assertEquals(MAC, host.mac());
        assertEquals(1450, host.mtu());
        assertEquals(2, host.txQueues());
        assertEquals(2, host.rxQueues());
        assertEquals(peer.index(), host.peerIndex());
        assertNotEquals(-1, host.peerNamespaceId());
        assertFalse(host.isUp());

        assertEquals(PEER_MAC, peer.mac());
        assertEquals(1450, peer.mtu());
        assertEquals(2, peer.txQueues());
        assertEquals(2, peer.rxQueues());
        assertEquals(host.index(), peer.peerIndex());
    }

    @Test
    void describesAVethAsIpDoes() {
        createPodVeth();
        String shown = node.output("ip", "-d", "-j", "link", "show", "dev", "weft0123456789a");
        assertTrue(shown.contains("\"address\":\"02:00:00:00:01:0a\""), shown);
        assertTrue(shown.contains("\"mtu\":1450"), shown);
        assertTrue(shown.contains("\"num_tx_queues\":2,\"num_rx_queues\":2"), shown);
        assertTrue(shown.contains("\"info_kind\":\"veth\""), shown);
    }

    @Test
    void makesPairInOneNamespace() {
        Link host = node.rtnetlink.createVeth(VethSpec.of("weft-host", "weft-port").withQueues(2));
        Link port = node.rtnetlink.link("weft-port").orElseThrow();
        assertEquals(port.index(), host.peerIndex());
        assertEquals(-1, host.peerNamespaceId());
        assertEquals(host.index(), port.peerIndex());
    }

    @Test
    void carrierFollowsBothEnds() {
        Link host = createPodVeth();
        node.rtnetlink.setUp(host.index());
        assertFalse(link(host).hasCarrier());
        pod.rtnetlink.setUp(host.peerIndex());
        assertTrue(link(host).isUp());
        assertTrue(link(host).hasCarrier());
        node.rtnetlink.setDown(host.index());
        assertFalse(link(host).isUp());
    }

    @Test
    void changesMtuAddressAndName() {
        Link host = createPodVeth();
        node.rtnetlink.setMtu(host.index(), 9000);
        node.rtnetlink.setAddress(host.index(), 0x02AABBCCDDEEL);
        node.rtnetlink.rename(host.index(), "renamed");
        Link changed = node.rtnetlink.link("renamed").orElseThrow();
        assertEquals(host.index(), changed.index());
        assertEquals(9000, changed.mtu());
        assertEquals(0x02AABBCCDDEEL, changed.mac());
    }

    @Test
    void enslavesToBridgeAndReleases() {
        Link bridge = node.rtnetlink.createBridge("br0");
        Link host = createPodVeth();
        assertEquals("bridge", bridge.kind());
        node.rtnetlink.setMaster(host.index(), bridge.index());
        assertEquals(bridge.index(), link(host).masterIndex());
        assertTrue(node.output("bridge", "link").contains("master br0"));
        node.rtnetlink.setMaster(host.index(), 0);
        assertEquals(0, link(host).masterIndex());
    }

    @Test
    void createsVxlanAsFlannelDoes() {
        Link underlay = createPodVeth();
        node.rtnetlink.addAddress(underlay.index(), 0xC0000201, 24, Route.RT_SCOPE_UNIVERSE);
        Link vxlan = node.rtnetlink.createVxlan(VxlanSpec.of("flannel.1", 1)
            .withLocal(0xC0000201)
            .withUnderlay(underlay.index())
            .withMac(MAC)
            .withMtu(1400));
        assertEquals("vxlan", vxlan.kind());
        assertEquals(1400, vxlan.mtu());
        String shown = node.output("ip", "-d", "-j", "link", "show", "dev", "flannel.1");
        assertTrue(shown.contains("\"id\":1,\"local\":\"192.0.2.1\",\"link\":\"weft0123456789a\""), shown);
        assertTrue(shown.contains("\"port\":8472"), shown);
        assertTrue(shown.contains("\"learning\":false"), shown);
        assertTrue(shown.contains("\"udp_csum\":true"), shown);
        assertTrue(node.rtnetlink.deleteLink("flannel.1"));
        assertEquals(Optional.empty(), node.rtnetlink.link("flannel.1"));
    }

    @Test
    void forwardsVxlanFramesByFdb() {
        Link vxlan = node.rtnetlink.createVxlan(VxlanSpec.of("flannel.1", 1));
        node.rtnetlink.replaceFdb(vxlan.index(), PEER_MAC, 0xC0000202);
        node.rtnetlink.replaceFdb(vxlan.index(), PEER_MAC, 0xC0000203);
        List<FdbEntry> entries = node.rtnetlink.fdb(vxlan.index());
        assertEquals(
            List.of(new FdbEntry(vxlan.index(), PEER_MAC, 0xC0000203, Neighbour.NUD_PERMANENT)),
            entries.stream().filter(entry -> entry.mac() == PEER_MAC).toList());
        assertTrue(node.output("bridge", "fdb", "show", "dev", "flannel.1")
            .contains("02:00:00:00:01:0b dst 192.0.2.3 self permanent"));
        assertTrue(node.rtnetlink.deleteFdb(vxlan.index(), PEER_MAC, 0xC0000203));
        assertFalse(node.rtnetlink.deleteFdb(vxlan.index(), PEER_MAC, 0xC0000203));
    }

    @Test
    void movesLinkIntoNamespaceUnderNewName() {
        Link veth = node.rtnetlink.createVeth(VethSpec.of("near", "far"));
        try (NetworkNamespace namespace = NetworkNamespace.open(pod.path)) {
            node.rtnetlink.moveToNamespace(veth.peerIndex(), namespace, "eth0");
            assertEquals(Optional.empty(), node.rtnetlink.link("far"));
            assertEquals("veth", pod.rtnetlink.link("eth0").orElseThrow().kind());
            node.rtnetlink.moveToNamespace(veth.index(), namespace);
        }
        assertEquals(Optional.empty(), node.rtnetlink.link("near"));
        assertEquals("veth", pod.rtnetlink.link("near").orElseThrow().kind());
    }

    @Test
    void deletesBothEndsOnce() {
        Link host = createPodVeth();
        assertTrue(node.rtnetlink.deleteLink(host.index()));
        assertFalse(node.rtnetlink.deleteLink(host.index()));
        assertFalse(node.rtnetlink.deleteLink(host.name()));
        assertEquals(Optional.empty(), node.rtnetlink.link(host.index()));
        assertEquals(Optional.empty(), pod.rtnetlink.link("eth0"));
    }

    @Test
    void secondLinkOfSameNameIsRefusedInOneLine() {
        createPodVeth();
        LinuxException refused = assertThrows(LinuxException.class, this::createPodVeth);
        assertEquals(Errno.EEXIST, refused.errno());
        assertTrue(
            refused.getMessage().startsWith("create veth weft0123456789a with peer eth0: EEXIST (17) File exists"),
            refused.getMessage());
        assertEquals(1, refused.getMessage().lines().count());
    }

    @Test
    void closedSocketIsNotUsed() {
        Rtnetlink closed = Rtnetlink.openIn(node.path);
        closed.close();
        closed.close();
        assertThrows(IllegalStateException.class, closed::links);
    }

    @Test
    void missingDeviceIsNamed() {
        LinuxException refused = assertThrows(LinuxException.class, () -> node.rtnetlink.setUp(4711));
        assertEquals(Errno.ENODEV, refused.errno());
        assertTrue(refused.getMessage().startsWith("set ifindex 4711 up: ENODEV (19) No such device"),
            refused.getMessage());
    }

    @Test
    void kernelsOwnExplanationIsPassedOn() {
        Link host = createPodVeth();
        LinuxException refused = assertThrows(LinuxException.class, () -> node.rtnetlink.setMtu(host.index(), 20));
        assertEquals(Errno.EINVAL, refused.errno());
        assertTrue(refused.getMessage().endsWith("The kernel says: mtu less than device minimum"),
            refused.getMessage());
    }

    @Test
    void listIsConsistentWhileLinksComeAndGo() throws InterruptedException {
        for (int i = 0; i < 100; i++) {
            node.rtnetlink.createVeth(VethSpec.of("near" + i, "far" + i));
        }
        AtomicBoolean done = new AtomicBoolean();
        Thread changer = Thread.ofPlatform().start(() -> {
            try (Rtnetlink other = Rtnetlink.openIn(node.path)) {
                while (!done.get()) {
                    other.createBridge("br0");
                    other.deleteLink("br0");
                }
            }
        });
        try {
            for (int i = 0; i < 300; i++) {
                List<String> names = node.rtnetlink.links().stream().map(Link::name).toList();
                assertEquals(names.size(), names.stream().distinct().count());
                assertEquals(200, names.stream().filter(name -> name.matches("(near|far)[0-9]+")).count());
            }
        } finally {
            done.set(true);
            changer.join();
        }
    }

    @Test
    void listsThousandLinks() {
        for (int i = 0; i < 500; i++) {
            node.rtnetlink.createVeth(VethSpec.of("near" + i, "far" + i));
        }
        List<Link> links = node.rtnetlink.links().stream().filter(link -> link.kind().equals("veth")).toList();
        assertEquals(1000, links.size());
        assertEquals(1000, links.stream().map(Link::name).distinct().count());
    }

    private Link createPodVeth() {
        try (NetworkNamespace namespace = NetworkNamespace.open(pod.path)) {
            return node.rtnetlink.createVeth(VethSpec.of("weft0123456789a", "eth0")
                .withMtu(1450)
                .withQueues(2)
                .withMac(MAC)
                .withPeerMac(PEER_MAC)
                .withPeerNamespace(namespace.fd()));
        }
    }

    private Link link(Link link) {
        return node.rtnetlink.link(link.index()).orElseThrow();
    }
}
