package io.weft.controlplane.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.compiler.Frames.Packet;
import io.weft.controlplane.compiler.ServiceNode.Entrance;
import io.weft.controlplane.compiler.ServiceNode.Sent;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.OperatorWrite;
import io.weft.controlplane.operator.WriteKind;
import io.weft.controlplane.operator.WriteTarget.Effect;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.forwarding.PortId;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operators' drains, pauses and static routes through the real compiler, tables and graph. */
class OperatorTablesTest {
    private static final int CLIENT = Ipv4Address.of("10.61.1.7");
    private static final int WEB = Ipv4Address.of("10.200.3.1");
    private static final int OUTSIDE = Ipv4Address.of("198.51.100.7");
    private static final String NEAR = "10.61.1.20";
    private static final String FAR = "10.61.2.20";
    private static final int NEW_CONNECTIONS = 100;

    private ServiceNode node;
    private int nextPort = 20_000;

    @BeforeEach
    void start() throws Exception {
        node = new ServiceNode(ServiceCase.read("clusterip-basic"), true);
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private static OperatorState state(OperatorWrite... writes) {
        return new OperatorState(List.of(writes));
    }

    private static OperatorWrite drain(String endpoint) {
        return new OperatorWrite(WriteKind.DRAIN, endpoint, "", "", 1);
    }

    private static OperatorWrite pause(String service) {
        return new OperatorWrite(WriteKind.PAUSE, service, "", "", 1);
    }

    private static OperatorWrite route(String prefix, String target) {
        return new OperatorWrite(WriteKind.ROUTE, prefix, target, "", 1);
    }

    private List<Sent> send(int protocol, int port, int flags) {
        return send(WEB, 80, protocol, port, flags);
    }

    private List<Sent> send(int destination, int destinationPort, int protocol, int port, int flags) {
        return node.send(node.entrance("pod-veth", CLIENT),
            Frames.ipv4(CLIENT, destination, protocol, port, destinationPort, flags));
    }

    private static String endpoint(List<Sent> sent) {
        assertEquals(1, sent.size(), sent.toString());
        return Ipv4Address.format(sent.getFirst().packet().destination());
    }

    /** The endpoints that new flows reach. */
    private Set<String> endpoints(int protocol) {
        Set<String> all = new TreeSet<>();
        for (int i = 0; i < NEW_CONNECTIONS; i++) {
            all.add(endpoint(send(protocol, nextPort++, Frames.SYN)));
        }
        return all;
    }

    /** Opens a TCP connection and answers it. @return its client port */
    private int connectTo(String wanted) {
        while (true) {
            int port = nextPort++;
            List<Sent> sent = send(IpProtocol.IPPROTO_TCP, port, Frames.SYN);
            if (endpoint(sent).equals(wanted)) {
                Packet packet = sent.getFirst().packet();
                Entrance answering = node.answering(sent.getFirst());
                node.send(answering, Frames.ipv4(packet.destination(), packet.source(), IpProtocol.IPPROTO_TCP,
                    packet.destinationPort(), packet.sourcePort(), Frames.SYN | Frames.ACK));
                send(IpProtocol.IPPROTO_TCP, port, Frames.ACK);
                return port;
            }
        }
    }

    @Test
    void aDrainedEndpointGetsNoNewFlowsAndKeepsItsConnections() {
        int near = connectTo(NEAR);
        int far = connectTo(FAR);
        node.use(state(drain(NEAR + ":8080")));
        assertEquals(Set.of(FAR), endpoints(IpProtocol.IPPROTO_TCP));
        assertEquals(NEAR, endpoint(send(IpProtocol.IPPROTO_TCP, near, Frames.ACK)));
        assertEquals(FAR, endpoint(send(IpProtocol.IPPROTO_TCP, far, Frames.ACK)));
        node.use(OperatorState.NOTHING);
        assertEquals(Set.of(NEAR, FAR), endpoints(IpProtocol.IPPROTO_TCP));
    }

    @Test
    void aDrainOfAnotherPortChangesNothingAndOneOfTheAddressDoes() {
        node.use(state(drain(NEAR + ":8081")));
        assertEquals(Set.of(NEAR, FAR), endpoints(IpProtocol.IPPROTO_TCP));
        assertEquals("unused: no Service has such an endpoint",
            node.uses(state(drain(NEAR + ":8081"))).get("drain " + NEAR + ":8081"));
        node.use(state(drain(NEAR)));
        assertEquals(Set.of(FAR), endpoints(IpProtocol.IPPROTO_TCP));
        assertEquals("in use: endpoint of shop/web", node.uses(state(drain(NEAR))).get("drain " + NEAR));
    }

    @Test
    void withoutAnyEndpointLeftNewConnectionsAreRefused() {
        int near = connectTo(NEAR);
        node.use(state(drain(NEAR), drain(FAR)));
        List<Sent> answer = send(IpProtocol.IPPROTO_TCP, nextPort++, Frames.SYN);
        assertTrue(answer.getFirst().packet().isRefusal(), answer.toString());
        assertEquals(1, node.drops(DropReason.SERVICE_NO_ENDPOINTS));
        assertEquals(NEAR, endpoint(send(IpProtocol.IPPROTO_TCP, near, Frames.ACK)));
    }

    @Test
    void aPausedServiceRefusesNewFlowsAndKeepsItsConnections() {
        int near = connectTo(NEAR);
        int far = connectTo(FAR);
        node.use(state(pause("shop/web")));
        for (int i = 0; i < NEW_CONNECTIONS; i++) {
            List<Sent> answer = send(IpProtocol.IPPROTO_TCP, nextPort++, Frames.SYN);
            assertTrue(answer.getFirst().packet().isRefusal(), answer.toString());
        }
        assertEquals(NEW_CONNECTIONS, node.drops(DropReason.SERVICE_PAUSED));
        assertEquals(NEAR, endpoint(send(IpProtocol.IPPROTO_TCP, near, Frames.ACK)));
        assertEquals(FAR, endpoint(send(IpProtocol.IPPROTO_TCP, far, Frames.ACK)));
        assertEquals("10.61.2.44", endpoint(send(Ipv4Address.of("10.200.3.2"), 443, IpProtocol.IPPROTO_TCP,
            nextPort++, Frames.SYN)), "another Service goes on");
        node.use(OperatorState.NOTHING);
        assertEquals(Set.of(NEAR, FAR), endpoints(IpProtocol.IPPROTO_TCP));
    }

    @Test
    void saysBeforehandWhatWouldChange() {
        assertEquals(List.of(new Effect("shop/web:http", "2 backends for new connections",
            "1 backends for new connections")), node.assess(state(drain(NEAR))).effects());
        assertEquals(List.of(), node.assess(state(drain(NEAR))).objections());
        assertEquals(List.of("shop/web:http would have no endpoint left for new connections"),
            node.assess(state(drain(NEAR), drain(FAR))).objections());
        assertEquals(List.of("no Service has an endpoint 10.61.1.99", "there is no Service shop/wbe"),
            node.assess(state(drain("10.61.1.99"), pause("shop/wbe"))).objections());
        assertEquals(List.of(), node.assess(state(pause("shop/web"))).objections());
        assertEquals(Set.of(NEAR, FAR), endpoints(IpProtocol.IPPROTO_TCP), "nothing has changed");
    }

    @Test
    void staticRoutesDecideWhereTheOutsideIs() {
        assertEquals(PortId.UPLINK, outside().getFirst().port());
        node.use(state(route("198.51.100.0/24", "blackhole")));
        assertEquals(List.of(), outside());
        assertEquals(1, node.drops(DropReason.ROUTE_BLACKHOLE));
        node.use(state(route("198.51.100.0/24", "prohibit")));
        assertTrue(outside().getFirst().packet().isRefusal());
        assertEquals(1, node.drops(DropReason.ROUTE_PROHIBITED));
        node.use(state(route("198.51.100.0/24", "unreachable"), route("198.51.100.7/32", "via 192.0.2.12")));
        assertEquals(PortId.UPLINK, outside().getFirst().port());
        assertEquals("10.61.2.20", endpoint(send(Ipv4Address.of(FAR), 80, IpProtocol.IPPROTO_UDP, nextPort++, 0)));
        node.use(state(route("198.51.100.0/24", "node n-blue")));
        List<Sent> sent = outside();
        assertEquals(OUTSIDE, sent.getFirst().packet().destination());
        assertEquals(CLIENT, sent.getFirst().packet().source(), "through the tunnel as it is");
        node.use(OperatorState.NOTHING);
        assertEquals(PortId.UPLINK, outside().getFirst().port());
    }

    private List<Sent> outside() {
        return send(OUTSIDE, 53, IpProtocol.IPPROTO_UDP, nextPort++, 0);
    }

    @Test
    void routesThatContradictTheClusterAreNotUsedAndSayWhy() {
        OperatorState state = state(route("10.61.2.0/24", "blackhole"), route("10.200.3.1/32", "blackhole"),
            route("192.0.2.12/32", "blackhole"), route("203.0.113.0/24", "node n-green"),
            route("203.0.113.64/26", "via 10.61.2.20"), route("0.0.0.0/0", "blackhole"));
        node.use(state);
        assertEquals(Map.of(
            "route 10.61.2.0/24 blackhole", "unused: it is inside 10.61.0.0/16, which belongs to the cluster",
            "route 10.200.3.1/32 blackhole", "unused: it is inside 10.200.0.0/16, which belongs to the cluster",
            "route 192.0.2.12/32 blackhole", "unused: it belongs to node n-blue",
            "route 203.0.113.0/24 node n-green", "unused: this node has no tunnel to a node n-green",
            "route 203.0.113.64/26 via 10.61.2.20", "unused: 10.61.2.20 is no router on the underlay",
            "route 0.0.0.0/0 blackhole", "in use"), node.uses(state));
        assertEquals(Set.of(NEAR, FAR), endpoints(IpProtocol.IPPROTO_TCP));
        assertEquals(List.of(), outside());
        assertEquals(7, node.assess(state(route("10.61.2.0/25", "blackhole"))).effects().size());
    }
}
