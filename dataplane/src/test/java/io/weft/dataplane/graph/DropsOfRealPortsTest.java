package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.FIN;
import static io.weft.dataplane.graph.Packet.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.testing.RawSender;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.TestNode;
import io.weft.dataplane.testing.TestPod;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every reason for a drop, provoked by frames on real veths, through the real programs of pods and uplink, in a real process: its counter
 * goes up by the number of frames that were sent, and no other does.
 */
class DropsOfRealPortsTest {
    private static final int TIMES = 3;
    private static final String A = "10.244.1.2";
    private static final String B = "10.244.1.3";
    private static final String SERVICE = "10.96.0.10";
    private static final String OUTSIDE = "192.0.2.100";
    private static final String NODE = "192.0.2.11";
    private static final String N2 = "192.0.2.12";
    private static final long N2_VTEP = 0x0200_00AA_0002L;
    private static final int N2_INDEX = 3;
    private static final int LONG_MTU = 4000;

    /**
     * Reasons that no frame provokes for certain, and why; each has a test of the graph.
     *
     * <ul>
     * <li>{@code frag_no_buffers}: needs an exhausted frame pool;
     * <li>{@code flow_moved}: lasts from a change of the tables until the flow is compared with them;
     * <li>{@code no_headroom}, {@code internal_error}: guards against mistakes of our own;
     * <li>{@code not_ready}: ports are opened when there are tables; a guard;
     * <li>{@code tx_ring_full}: needs a kernel that does not keep up;
     * <li>{@code service_no_source_port}: needs more flows than this node's table holds.
     * </ul>
     */
    private static final Set<DropReason> NOT_FOR_CERTAIN = EnumSet.of(DropReason.FRAG_NO_BUFFERS,
        DropReason.FLOW_MOVED, DropReason.NO_HEADROOM, DropReason.INTERNAL_ERROR, DropReason.NOT_READY,
        DropReason.TX_RING_FULL, DropReason.SERVICE_NO_SOURCE_PORT);

    @TempDir Path directory;

    private TestNetwork network;
    private TestNode node;
    private TestPod a;
    private RawSender fromPod;
    private RawSender fromOutside;
    private RawSender fromOther;
    private CounterReader counters;
    private final Map<DropReason, Long> expected = new EnumMap<>(DropReason.class);
    private long gatewayMac;
    private long podMac;
    private long uplinkMac;
    private long outsideMac;
    private long otherMac;

    @BeforeEach
    void makeNode() throws Exception {
        network = new TestNetwork();
        Path outside = network.namespace("out");
        Path namespace = network.namespace("n1");
        node = new TestNode(network, namespace, 1, "up0", directory);
        connect(namespace, outside);
        NetworkNamespace.run(namespace, () -> Sysctl.write("net/ipv4/ip_forward", "1")); // as on every node of Kubernetes
        fillTables();
        node.set("snat.ports", "61000-61003").start();
        a = node.pod(2, 1);
        TestPod b = node.pod(3, 1);
        lengthen(a, b);
        node.awaitPort(a.portId, PortState.UP);
        node.awaitPort(b.portId, PortState.UP);
        gatewayMac = node.local.vtepMac();
        podMac = TestNetwork.macOf(a.namespace, "eth0");
        uplinkMac = TestNetwork.macOf(namespace, "up0");
        outsideMac = TestNetwork.macOf(outside, "eth0");
        assertEquals(0, a.ping(Ipv4Address.of(OUTSIDE), 5).exit(), node::report); // both sides' neighbours are known now
        fromPod = new RawSender(a.namespace, "eth0");
        fromOutside = new RawSender(outside, "eth0");
        fromOther = new RawSender(namespace, "up1peer");
        otherMac = TestNetwork.macOf(namespace, "up1peer");
        counters = node.counters();
        expected.putAll(drops());
    }

    private void connect(Path namespace, Path outside) throws Exception {
        try (Rtnetlink atNode = Rtnetlink.openIn(namespace);
            NetworkNamespace far = NetworkNamespace.open(outside);
            Rtnetlink atFar = Rtnetlink.openIn(outside)) {
            Link near = atNode.createVeth(VethSpec.of("up0", "eth0").withPeerNamespace(far.fd()));
            atNode.setUp(near.index());
            atNode.addAddress(near.index(), node.local.address().toInt(), 24, Route.RT_SCOPE_UNIVERSE);
            Link eth0 = atFar.link("eth0").orElseThrow();
            atFar.setUp(eth0.index());
            atFar.addAddress(eth0.index(), Ipv4Address.of(OUTSIDE), 24, Route.RT_SCOPE_UNIVERSE);
            atFar.addAddress(eth0.index(), Ipv4Address.of(N2), 24, Route.RT_SCOPE_UNIVERSE);
            Link other = atNode.createVeth(VethSpec.of("up1", "up1peer"));
            atNode.setUp(other.index());
            atNode.setUp(atNode.link("up1peer").orElseThrow().index());
            atNode.addAddress(other.index(), Ipv4Address.of("198.18.1.1"), 24, Route.RT_SCOPE_UNIVERSE);
            atNode.replaceRoute(Route.to(Ipv4Address.of("198.18.2.0"), 24).type(Route.RTN_BLACKHOLE));
            atNode.replaceRoute(Route.to(Ipv4Address.of("198.18.3.0"), 24).type(Route.RTN_UNREACHABLE));
            atNode.replaceRoute(Route.to(Ipv4Address.of("198.18.4.0"), 24).type(Route.RTN_PROHIBIT));
        }
    }

    private void fillTables() {
        node.tables.putPeer(new PeerSpec(N2_INDEX, "n2", IpAddress.of(N2), N2_VTEP, IpPrefix.of("10.244.2.0/24"),
            List.of(IpAddress.of(N2)), true));
        node.tables.putPort(new PortSpec(9, 1, "absent", IpAddress.of("10.244.1.9"), 0x0200_0000_0009L, 1450));
        GraphFixture.service(node.tables, SERVICE, 80, Packet.TCP, B, 8080);
        GraphFixture.service(node.tables, SERVICE, 53, Packet.UDP, B, 5353);
        GraphFixture.service(node.tables, "10.96.0.11", 80, Packet.TCP, null, 0);
        node.tables.services().put(new ServiceSpec(new ServiceKey(IpAddress.of("10.96.0.90"), 80, Packet.TCP), "paused",
            List.of(Backend.ready(IpAddress.of(B), 8080))).withPaused(true));
        put(FrontendKind.NODE_PORT, ServiceKey.NODE_ADDRESSES, 30_080, true, List.of(), "10.244.2.5");
        put(FrontendKind.NODE_PORT, ServiceKey.NODE_ADDRESSES, 30_081, false, List.of(), B);
        put(FrontendKind.LOAD_BALANCER, IpAddress.of("203.0.113.80"), 80, false,
            List.of(IpPrefix.of("198.51.100.0/24")), B);
        node.tables.commit();
    }

    private void put(int kind, IpAddress address, int port, boolean policyLocal, List<IpPrefix> ranges,
        String backend) {
        node.tables.services().put(new ServiceSpec(new ServiceKey(address, port, Packet.TCP), kind, "s" + port,
            policyLocal, false, 0, ranges, List.of(Backend.ready(IpAddress.of(backend), 8080))));
    }

    /** Makes room on the veths for packets that neither the tunnel nor one chunk holds. */
    private void lengthen(TestPod... pods) {
        for (TestPod pod : pods) {
            try (Rtnetlink atNode = Rtnetlink.openIn(node.namespace);
                Rtnetlink inPod = Rtnetlink.openIn(pod.namespace)) {
                atNode.setMtu(atNode.link(pod.device()).orElseThrow().index(), LONG_MTU);
                inPod.setMtu(inPod.link("eth0").orElseThrow().index(), LONG_MTU);
            }
        }
    }

    @AfterEach
    void removeNode() {
        if (counters != null) {
            counters.close();
            fromPod.close();
            fromOutside.close();
            fromOther.close();
        }
        if (node != null) {
            node.close();
        }
        if (network != null) {
            network.close();
        }
    }

    /** One process for all: it takes seconds to start. */
    @Test
    void everyReasonIsCountedForJustTheFramesThatHaveIt() throws Exception {
        Set<DropReason> unseen = EnumSet.complementOf(EnumSet.copyOf(NOT_FOR_CERTAIN));
        int index = 0;
        for (Case each : cases()) {
            send(each, index++);
            unseen.remove(each.reason);
        }
        unseen.remove(floodOfArp());
        unseen.remove(scarcePorts());
        unseen.remove(takenReply());
        unseen.remove(forgedClients());
        unseen.remove(fullTable());
        unseen.remove(tooManyEarlyFragments());
        unseen.remove(fragmentsWithoutTheirFirst());
        assertEquals(Set.of(), unseen);
    }

    /** A frame, where it is sent, and why it must be dropped. */
    private static final class Case {
        private final DropReason reason;
        private final RawSender port;
        private final byte[] frame;

        Case(DropReason reason, RawSender port, byte[] frame) {
            this.reason = reason;
            this.port = port;
            this.frame = frame;
        }
    }

    private void send(Case each, int index) {
        for (int i = 0; i < TIMES; i++) {
            each.port.send(each.frame);
        }
        expected.merge(each.reason, (long) TIMES, Long::sum);
        awaitExpected("case " + index + " " + each.reason);
    }

    private void awaitExpected(String what) {
        long total = sum(expected);
        TestNetwork.await(what, () -> sum(drops()) >= total);
        Map<DropReason, Long> others = changed();
        assertEquals(Map.of(), others, () -> what + ": counted under others than expected");
    }

    private Map<DropReason, Long> changed() {
        Map<DropReason, Long> now = drops();
        now.entrySet().removeIf(each -> each.getValue().equals(expected.get(each.getKey())));
        return now;
    }

    private Map<DropReason, Long> drops() {
        Map<DropReason, Long> drops = new EnumMap<>(DropReason.class);
        for (DropReason reason : DropReason.values()) {
            drops.put(reason, counters.drop(reason));
        }
        return drops;
    }

    private static long sum(Map<DropReason, Long> drops) {
        return drops.values().stream().mapToLong(Long::longValue).sum();
    }

    // -- one frame, one reason -----------------------------------------------------------------------------------------

    private List<Case> cases() {
        return java.util.stream.Stream.of(ethernet(), arp(), ipv4(), transport(), fragments(), icmp(), tunnel(),
            forwarding(), routes()).flatMap(List::stream).toList();
    }

    private List<Case> ethernet() {
        return List.of(
            pod(DropReason.TRUNCATED, Arrays.copyOf(frame(udp()), 20)),
            pod(DropReason.NOT_OUR_MAC, udp().ethernet(podMac ^ 1, podMac).frame()),
            pod(DropReason.ETH_GROUP_DESTINATION, udp().ethernet(0xFFFF_FFFF_FFFFL, podMac).frame()),
            pod(DropReason.ETH_GROUP_SOURCE, udp().ethernet(gatewayMac, podMac | 1L << 40).frame()),
            pod(DropReason.ETH_LLC, udp().type(100)),
            pod(DropReason.ETH_PAUSE, udp().type(0x8808)),
            pod(DropReason.ETH_UNKNOWN_TYPE, udp().type(0x88CC)),
            pod(DropReason.VLAN_FILTERED, udp().type(0x8100)),
            pod(DropReason.IP6_UNSUPPORTED, udp().type(0x86DD)));
    }

    private List<Case> arp() {
        byte[] malformed = Arp.request(podMac, A, "10.244.1.1");
        malformed[18] = (byte) 200;
        return List.of(
            pod(DropReason.ARP_MALFORMED, malformed),
            pod(DropReason.ARP_SPOOF, Arp.request(podMac, B, "10.244.1.1")),
            pod(DropReason.ARP_NOT_REQUEST, Arp.reply(podMac, A, gatewayMac, "10.244.1.1")),
            pod(DropReason.ARP_UNKNOWN_TARGET, Arp.request(podMac, A, B)));
    }

    private List<Case> ipv4() {
        byte[] checksum = frame(udp());
        checksum[24] ^= 0x55;
        return List.of(
            pod(DropReason.IP4_BAD_VERSION, changed(14, 0x55)),
            pod(DropReason.IP4_BAD_IHL, changed(14, 0x44)),
            pod(DropReason.IP4_BAD_TOTAL_LENGTH, changed(17, 19)),
            pod(DropReason.IP4_BAD_CHECKSUM, checksum),
            pod(DropReason.IP4_OPTIONS, udp().options(7, 0, 4, 0)),
            pod(DropReason.IP4_SOURCE_ROUTE, udp().options(131, 7, 4, 10, 244, 1, 3, 0)),
            pod(DropReason.MARTIAN_SOURCE, Packet.of("127.0.0.1", B).udp(1, 2)),
            pod(DropReason.MARTIAN_DESTINATION, Packet.of(A, "224.0.0.251").udp(1, 2)),
            pod(DropReason.SPOOFED_SOURCE, Packet.of(B, "10.244.2.9").udp(1, 2)),
            pod(DropReason.TTL_EXPIRED, udp().ttl(1)));
    }

    private List<Case> transport() {
        byte[] offset = frame(Packet.of(A, B).tcp(1000, 2000, SYN));
        offset[46] = 0x40;
        byte[] length = frame(udp());
        Packet.setShort(length, 38, 7);
        return List.of(
            pod(DropReason.L4_TRUNCATED, changed(17, 27)),
            pod(DropReason.L4_PORT_ZERO, Packet.of(A, B).udp(0, 1)),
            pod(DropReason.TCP_BAD_OFFSET, offset),
            pod(DropReason.TCP_BAD_FLAGS, Packet.of(A, B).tcp(1000, 2000, SYN | FIN)),
            pod(DropReason.UDP_BAD_LENGTH, length),
            pod(DropReason.UNSUPPORTED_PROTOCOL, Packet.of(A, OUTSIDE).protocol(132, new byte[12])),
            pod(DropReason.UNSUPPORTED_PROTOCOL, Packet.of(A, SERVICE).protocol(132, new byte[12])));
    }

    private List<Case> fragments() {
        return List.of(
            pod(DropReason.FRAG_TINY, Packet.of(A, B).protocol(6, new byte[16]).fragment(0x2000)),
            pod(DropReason.FRAG_BAD_LENGTH, Packet.of(A, B).protocol(17, new byte[21]).fragment(0x2000)),
            pod(DropReason.FRAG_PAST_END, Packet.of(A, B).protocol(17, new byte[64]).fragment(0x1FFF)),
            outside(DropReason.FRAG_OUTER, wire(Packet.of(N2, NODE).udp(1, 8472, new byte[40]).fragment(0x2000).id(9))),
            outside(DropReason.FRAG_OUTER, wire(Packet.of(N2, NODE).protocol(17, new byte[40]).fragment(6).id(9))));
    }

    private List<Case> icmp() {
        byte[] checksum = frame(Packet.of(A, "10.244.1.1").echo(1, 1));
        checksum[36] ^= 0x55;
        byte[] quote = Packet.of(B, A).udp(1, 2).ip();
        return List.of(
            pod(DropReason.ICMP_BAD_CHECKSUM, checksum),
            pod(DropReason.ICMP_UNSUPPORTED, Packet.of(A, B).icmp(13, 0, 0, new byte[12])),
            pod(DropReason.ICMP_REDIRECT, Packet.of(A, B).icmp(5, 0, 0, quote)),
            pod(DropReason.ICMP_BAD_QUOTE, Packet.of(A, B).icmp(3, 3, 0, Packet.of(A, B).udp(1, 2).ip())),
            pod(DropReason.ICMP_NO_FLOW, Packet.of(A, B).icmp(3, 3, 0, quote)),
            pod(DropReason.TOO_BIG, Packet.of(A, B).icmp(3, 3, 0, Arrays.copyOf(quote, 3000))));
    }

    private List<Case> tunnel() {
        byte[] inner = inner("10.244.2.9", A);
        byte[] noFlag = tunnelled(1, N2, inner);
        noFlag[42] = 0;
        byte[] innerType = tunnelled(1, N2, inner);
        innerType[62] = (byte) 0x86;
        byte[] marked = Packet.vxlan(N2, NODE, 1, inner).tos(3).ethernet(uplinkMac, outsideMac).frame();
        return List.of(
            outside(DropReason.VXLAN_NO_I_FLAG, noFlag),
            outside(DropReason.VXLAN_UNKNOWN_VNI, tunnelled(2, N2, inner)),
            outside(DropReason.VXLAN_UNKNOWN_PEER, tunnelled(1, "192.0.2.99", inner)),
            outside(DropReason.VXLAN_INNER_TYPE, innerType),
            outside(DropReason.TUNNEL_ECN, marked),
            outside(DropReason.NO_TUNNEL_TO_TUNNEL, tunnelled(1, N2, inner("10.244.2.9", "10.244.2.8"))),
            outside(DropReason.SPOOFED_SOURCE, tunnelled(1, N2, inner("10.244.3.9", A))),
            pod(DropReason.ENCAP_FROM_POD, Packet.of(A, N2).udp(5000, 8472, new byte[40])));
    }

    private List<Case> forwarding() {
        return List.of(
            // the uplink's program passes these, and the node's kernel routes them to weft-host
            outside(DropReason.NO_DIRECT_POD_ACCESS, wire(Packet.of(OUTSIDE, A).udp(1, 2))),
            outside(DropReason.NO_DIRECT_POD_ACCESS, wire(Packet.of(OUTSIDE, "10.244.2.9").tcp(1, 2, SYN))),
            // what comes by another device the kernel routes to weft-host as well
            new Case(DropReason.CLUSTERIP_FROM_OUTSIDE, fromOther, Packet.of("198.18.1.9", SERVICE).tcp(1, 80, SYN)
                .ethernet(TestNetwork.macOf(node.namespace, "up1"), otherMac).frame()),
            outside(DropReason.SERVICE_UNKNOWN_ADDRESS, wire(Packet.of(OUTSIDE, "10.96.0.99").echo(1, 1))),
            outside(DropReason.SERVICE_NO_LOCAL_ENDPOINT, wire(Packet.of(OUTSIDE, NODE).tcp(1, 30_080, SYN))),
            pod(DropReason.SERVICE_SOURCE_RANGE, Packet.of(A, "203.0.113.80").tcp(1000, 80, SYN)),
            pod(DropReason.NO_FLOW, Packet.of(A, SERVICE).tcp(1000, 80, ACK)),
            pod(DropReason.SERVICE_NO_ENDPOINTS, Packet.of(A, "10.96.0.11").tcp(1000, 80, SYN)),
            pod(DropReason.SERVICE_PAUSED, Packet.of(A, "10.96.0.90").tcp(1000, 80, SYN)),
            pod(DropReason.SERVICE_NO_PORT, Packet.of(A, SERVICE).udp(1000, 80)),
            pod(DropReason.SERVICE_UNKNOWN_ADDRESS, Packet.of(A, "10.96.0.99").tcp(1000, 80, SYN)),
            pod(DropReason.GATEWAY_NO_SERVICE, Packet.of(A, "10.244.1.1").udp(1000, 53)),
            pod(DropReason.NO_SUCH_POD, Packet.of(A, "10.244.1.77").udp(1, 2)),
            pod(DropReason.NO_ROUTE, Packet.of(A, "10.244.77.1").udp(1, 2)),
            pod(DropReason.NO_PORT, Packet.of(A, "10.244.1.9").udp(1, 2)),
            pod(DropReason.NEIGHBOUR_UNRESOLVED, Packet.of(A, "192.0.2.200").udp(1, 2)), // after they have waited 3 s
            pod(DropReason.MTU_EXCEEDED, Packet.of(A, "10.244.2.9").udp(1, 2, new byte[1500])));
    }

    private List<Case> routes() {
        return List.of(
            pod(DropReason.ROUTE_OTHER_DEVICE, Packet.of(A, "198.18.1.9").udp(1, 2)),
            pod(DropReason.ROUTE_BLACKHOLE, Packet.of(A, "198.18.2.9").udp(1, 2)),
            pod(DropReason.NO_ROUTE, Packet.of(A, "198.18.3.9").udp(1, 2)),
            pod(DropReason.ROUTE_PROHIBITED, Packet.of(A, "198.18.4.9").udp(1, 2)),
            pod(DropReason.NO_ROUTE, Packet.of(A, "203.0.113.5").udp(1, 2))); // there is no default route
    }

    // -- many frames, one reason ---------------------------------------------------------------------------------------

    /** How many are answered depends on how long it takes to send them. */
    private DropReason floodOfArp() {
        byte[] request = Arp.request(podMac, A, "10.244.1.1");
        TestNetwork.await("requests above the rate", () -> {
            fromPod.send(request);
            return counters.drop(DropReason.ARP_RATE_LIMITED) > 0;
        });
        return onlyOne(DropReason.ARP_RATE_LIMITED);
    }

    /** Four ports, one of which the ping of the set-up has for as long as its identifier is not needed here. */
    private DropReason scarcePorts() {
        for (int i = 0; i < 4; i++) {
            fromPod.send(frame(Packet.of(A, OUTSIDE).udp(2000 + i, 4444)));
        }
        for (int i = 0; i < TIMES; i++) {
            fromPod.send(frame(Packet.of(A, OUTSIDE).udp(2100 + i, 4444)));
        }
        expected.merge(DropReason.SNAT_NO_PORT, (long) TIMES, Long::sum);
        awaitExpected("no port is left");
        return DropReason.SNAT_NO_PORT;
    }

    /** The reply of a connection to the backend itself looks as that of one to the Service, and its port is known to the backend. */
    private DropReason takenReply() {
        fromPod.send(frame(Packet.of(A, SERVICE).tcp(3000, 80, SYN)));
        send(new Case(DropReason.REVERSE_TAKEN, fromPod, frame(Packet.of(A, B).tcp(3000, 8080, ACK))), 0);
        return DropReason.REVERSE_TAKEN;
    }

    /** Clients on the link whose neighbours nobody is: those that are resolved wait in vain. */
    private DropReason forgedClients() {
        int[] client = {0};
        TestNetwork.await("more clients than are resolved", () -> {
            String source = "192.0.2." + (101 + client[0]++ % 90);
            fromOutside.send(wire(Packet.of(source, NODE).tcp(1 + client[0], 30_081, SYN)));
            return counters.drop(DropReason.REPLY_NEIGHBOUR_LIMIT) > 0;
        });
        TestNetwork.await("the end of held frames", () -> counters.total(FrameTotal.IN_FLIGHT) == 0);
        assertEquals(Set.of(DropReason.REPLY_NEIGHBOUR_LIMIT, DropReason.NEIGHBOUR_UNRESOLVED), changed().keySet());
        expected.putAll(drops());
        return DropReason.REPLY_NEIGHBOUR_LIMIT;
    }

    private DropReason fullTable() {
        int[] port = {10_000};
        TestNetwork.await("a full flow table", () -> {
            fromPod.send(frame(Packet.of(A, B).udp(port[0], 7000 + port[0] / 60_000)));
            port[0] = port[0] == 60_000 ? 10_001 : port[0] + 1;
            return counters.drop(DropReason.CT_FULL) > 0;
        });
        return onlyOne(DropReason.CT_FULL);
    }

    private DropReason tooManyEarlyFragments() {
        int[] id = {0};
        TestNetwork.await("a full hold", () -> {
            fromPod.send(frame(Packet.of(A, SERVICE).protocol(17, new byte[24]).fragment(0x0004).id(id[0]++)));
            return counters.drop(DropReason.FRAG_FULL) > 0;
        });
        return onlyOne(DropReason.FRAG_FULL);
    }

    /** Those that the last step left. */
    private DropReason fragmentsWithoutTheirFirst() {
        TestNetwork.await("the end of held fragments", () -> counters.drop(DropReason.FRAG_TIMEOUT) > 0
            && counters.total(FrameTotal.IN_FLIGHT) == 0);
        return onlyOne(DropReason.FRAG_TIMEOUT);
    }

    /** Frames are counted in the order in which they are sent: when the last one is, so are all. */
    private DropReason onlyOne(DropReason reason) {
        long before = counters.drop(DropReason.MARTIAN_SOURCE);
        fromPod.send(frame(Packet.of("127.0.0.1", B).udp(1, 2)));
        expected.merge(DropReason.MARTIAN_SOURCE, 1L, Long::sum);
        TestNetwork.await("the last frame", () -> counters.drop(DropReason.MARTIAN_SOURCE) > before);
        assertEquals(Set.of(reason), changed().keySet());
        expected.putAll(drops());
        return reason;
    }

    // -- frames --------------------------------------------------------------------------------------------------------

    private static Packet udp() {
        return Packet.of(A, B).udp(1000, 2000, Packet.payload(10));
    }

    private byte[] frame(Packet packet) {
        return packet.ethernet(gatewayMac, podMac).frame();
    }

    /** A frame of the pod with one byte changed and its IPv4 checksum made right again. */
    private byte[] changed(int at, int value) {
        byte[] frame = frame(udp());
        frame[at] = (byte) value;
        Packet.setShort(frame, 24, 0);
        Packet.setShort(frame, 24, ~Packet.fold(Packet.sum(frame, 14, Math.max((frame[14] & 0xF) * 4, 20))));
        return frame;
    }

    private Case pod(DropReason reason, Packet packet) {
        return pod(reason, frame(packet));
    }

    private Case pod(DropReason reason, byte[] frame) {
        return new Case(reason, fromPod, frame);
    }

    private Case outside(DropReason reason, byte[] frame) {
        return new Case(reason, fromOutside, frame);
    }

    private byte[] wire(Packet packet) {
        return packet.ethernet(uplinkMac, outsideMac).frame();
    }

    private byte[] inner(String from, String to) {
        return Packet.of(from, to).udp(1000, 53).ethernet(gatewayMac, N2_VTEP).frame();
    }

    private byte[] tunnelled(int vni, String from, byte[] inner) {
        return wire(Packet.vxlan(from, NODE, vni, inner));
    }
}
