package io.weft.dataplane.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.decision.FlowDecision;
import io.weft.dataplane.decision.Frontends;
import io.weft.dataplane.forwarding.Egress;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.state.BatchContext;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may talk to whom and by which way: the table of decisions, by ingress and destination, on the node of {@link GraphFixture}. */
class FlowDecisionTest {
    private static final int SOURCE_PORT = 1000;

    private final GraphFixture node = new GraphFixture(256, 1024, MemoryPort.Sent.CAPTURED);
    private final BatchContext context = new BatchContext(node.state);
    private final FlowDecision decision = new FlowDecision(context);

    @AfterEach
    void close() {
        node.close();
    }

    @ParameterizedTest(name = "{0} to {2}")
    @CsvSource(delimiter = '|', textBlock = """
        pod a  | 10.244.1.2 | 10.244.1.3:53 udp     | forward to port 3, replies from 3 to port 2
        pod a  | 10.244.1.2 | 10.244.2.9:53 udp     | forward to tunnel 10, replies from peer 5 to port 2
        pod a  | 10.244.1.2 | 192.0.2.12:53 udp     | forward to tunnel 10, replies from peer 5 to port 2
        pod a  | 10.244.1.2 | 192.0.2.12:8472 udp   | refuse ENCAP_FROM_POD 0
        pod a  | 10.244.1.2 | 192.0.2.11:8472 udp   | refuse ENCAP_FROM_POD 0
        pod a  | 10.244.1.2 | 192.0.2.12:8472 tcp   | forward to tunnel 10, replies from peer 5 to port 2
        pod a  | 10.244.1.2 | 10.244.1.0:53 udp     | forward to the node, replies from 0 to port 2
        pod a  | 10.244.1.2 | 192.0.2.11:22 tcp     | forward to the node, replies from 0 to port 2
        pod a  | 10.244.1.2 | 172.17.0.1:53 udp     | forward to the node, replies from 0 to port 2
        pod a  | 10.244.1.2 | 10.244.1.1:7 icmp     | echo GATEWAY_NO_SERVICE 1
        pod a  | 10.244.1.2 | 10.244.1.1:53 udp     | refuse GATEWAY_NO_SERVICE 1
        pod a  | 10.244.1.2 | 10.244.1.99:53 udp    | refuse NO_SUCH_POD 4
        pod a  | 10.244.1.2 | 10.244.77.1:53 udp    | refuse NO_ROUTE 4
        pod a  | 10.244.1.2 | 10.96.0.10:80 tcp     | forward to port 3, replies from 3 to port 2, backend 10.244.1.3:8080
        pod a  | 10.244.1.2 | 10.96.0.10:53 udp     | forward to tunnel 10, replies from peer 5 to port 2, backend 10.244.2.5:5353
        pod a  | 10.244.1.2 | 10.96.0.12:80 tcp     | forward to port 2, replies from 2 to port 2, backend 10.244.1.2:8080, from the gateway
        pod a  | 10.244.1.2 | 10.96.0.13:443 tcp    | forward to uplink 12, replies from 1 to port 2, backend 198.51.100.7:6443, masqueraded
        pod a  | 10.244.1.2 | 10.96.0.14:443 tcp    | forward to the node, replies from 0 to port 2, backend 192.0.2.11:6443
        pod a  | 10.244.1.2 | 10.96.0.11:80 tcp     | refuse SERVICE_NO_ENDPOINTS 1
        pod a  | 10.244.1.2 | 10.96.0.10:81 tcp     | refuse SERVICE_NO_PORT 1
        pod a  | 10.244.1.2 | 10.96.0.99:80 tcp     | refuse SERVICE_UNKNOWN_ADDRESS 0
        pod a  | 10.244.1.2 | 10.96.0.10:0 gre      | refuse UNSUPPORTED_PROTOCOL 7
        pod a  | 10.244.1.2 | 203.0.113.5:443 tcp   | forward to uplink 12, replies from 1 to port 2, masqueraded
        pod a  | 10.244.1.2 | 203.0.113.5:0 gre     | refuse UNSUPPORTED_PROTOCOL 0
        pod a  | 10.244.1.2 | 192.0.2.50:443 tcp    | hold for 192.0.2.50
        pod a  | 10.244.1.2 | 198.18.1.1:443 tcp    | refuse ROUTE_OTHER_DEVICE 5
        pod a  | 10.244.1.2 | 198.18.2.1:443 tcp    | refuse ROUTE_BLACKHOLE 0
        pod a  | 10.244.1.2 | 198.18.3.1:443 tcp    | refuse NO_ROUTE 4
        pod a  | 10.244.1.2 | 198.18.4.1:443 tcp    | refuse ROUTE_PROHIBITED 6
        pod a  | 10.244.1.2 | 198.18.5.1:443 tcp    | refuse NO_ROUTE 5
        node   | 192.0.2.11 | 10.244.1.3:53 udp     | forward to port 3, replies from 3 to the node
        node   | 192.0.2.11 | 192.0.2.12:8472 udp   | forward to tunnel 10, replies from peer 5 to the node
        node   | 192.0.2.11 | 10.96.0.14:443 tcp    | forward to the node, replies from 0 to the node, backend 192.0.2.11:6443, from the gateway
        tunnel | 10.244.2.9 | 10.244.1.3:53 udp     | forward to port 3, replies from 3 to tunnel 10
        tunnel | 10.244.2.9 | 10.244.1.0:53 udp     | forward to the node, replies from 0 to tunnel 10
        tunnel | 10.244.2.9 | 10.244.3.9:53 udp     | refuse NO_TUNNEL_TO_TUNNEL 0
        tunnel | 10.244.2.9 | 10.96.0.10:80 tcp     | forward to port 3, replies from 3 to tunnel 10, backend 10.244.1.3:8080, from the gateway
        tunnel | 10.244.2.9 | 203.0.113.5:80 tcp    | refuse NO_ROUTE 4
        tunnel | 10.244.2.9 | 192.0.2.11:8472 udp   | refuse ENCAP_FROM_POD 0
        uplink | 203.0.113.9| 192.0.2.11:22 tcp     | stateless to the node
        uplink | 203.0.113.9| 192.0.2.11:8472 udp   | stateless to the node
        uplink | 203.0.113.9| 203.0.113.77:22 tcp   | stateless to the node
        uplink | 203.0.113.9| 10.244.1.0:22 tcp     | refuse NO_DIRECT_POD_ACCESS 0
        uplink | 203.0.113.9| 10.244.1.2:22 tcp     | refuse NO_DIRECT_POD_ACCESS 0
        uplink | 203.0.113.9| 10.244.1.1:22 tcp     | refuse NO_DIRECT_POD_ACCESS 0
        uplink | 203.0.113.9| 192.0.2.12:22 tcp     | refuse NO_DIRECT_POD_ACCESS 0
        uplink | 203.0.113.9| 10.96.0.10:80 tcp     | forward to port 3, replies from 3 to uplink 12, backend 10.244.1.3:8080, from the gateway
        uplink | 192.0.2.77 | 10.96.0.10:80 tcp     | hold for 192.0.2.77
        """)
    void aFirstPacket(String from, String source, String to, String decided) {
        assertEquals(decided, decide(ingress(from), source, to, true));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        10.244.1.3:80   | forward to port 3, replies from 3 to port 2
        10.96.0.10:80   | refuse NO_FLOW 1
        203.0.113.5:443 | refuse NO_FLOW 1
        """)
    void aSegmentOfAnUnknownConnectionBeginsNoFlowThatIsTranslated(String to, String decided) {
        assertEquals(decided, decide(GraphFixture.POD_A, "10.244.1.2", to + " tcp", false));
    }

    /** Both kinds of frame from outside that have no flow of their own are the node's by the same rule. */
    @Test
    void whatIsTheNodesFromTheUnderlay() {
        assertTrue(context.begin(node.now));
        for (String destination : new String[]{"192.0.2.11", "172.17.0.1", "203.0.113.77", "10.244.1.0", "10.244.1.2",
            "10.96.0.10", "192.0.2.12", "10.244.77.1"}) {
            boolean stateless = decide(PortId.UPLINK, "203.0.113.9", destination + ":22 tcp", true)
                .startsWith("stateless");
            assertEquals(stateless, decision.isForNode(PortId.UPLINK, Ipv4Address.of(destination)), destination);
            assertEquals(false, decision.isForNode(GraphFixture.POD_A, Ipv4Address.of(destination)), destination);
        }
    }

    private String decide(int ingress, String source, String to, boolean opens) {
        assertTrue(context.begin(node.now));
        int destination = Ipv4Address.of(to.substring(0, to.indexOf(':')));
        int port = Integer.parseInt(to.substring(to.indexOf(':') + 1, to.indexOf(' ')));
        long k0 = FlowKey.k0(Ipv4Address.of(source), destination);
        long k1 = FlowKey.k1(SOURCE_PORT, port, protocol(to.substring(to.indexOf(' ') + 1)));
        long route = context.tables().route4(destination);
        return text(decision.decide(ingress, k0, k1, FlowHash.hash(k0, k1), opens, route,
            Frontends.find(context, ingress, k0, k1)));
    }

    private static int ingress(String from) {
        return switch (from) {
            case "node" -> PortId.HOST;
            case "uplink" -> PortId.UPLINK;
            case "tunnel" -> Ingress.tunnel(GraphFixture.N2);
            default -> GraphFixture.POD_A;
        };
    }

    private static int protocol(String name) {
        return switch (name) {
            case "tcp" -> IpProtocol.IPPROTO_TCP;
            case "udp" -> IpProtocol.IPPROTO_UDP;
            case "icmp" -> IpProtocol.IPPROTO_ICMP;
            default -> 47;
        };
    }

    private String text(int verdict) {
        return switch (verdict) {
            case FlowDecision.FORWARD -> "forward to " + egress(decision.egress()) + ", replies from "
                + ingress(decision.replyIngress()) + " to " + egress(decision.replyEgress()) + translation();
            case FlowDecision.HOLD -> "hold for " + Ipv4Address.format(decision.unresolvedHop());
            case FlowDecision.FORWARD_STATELESS -> "stateless to " + egress(decision.egress());
            case FlowDecision.ECHO -> "echo " + decision.refusal() + " " + decision.answer();
            default -> "refuse " + decision.refusal() + " " + decision.answer();
        };
    }

    private String translation() {
        String backend = decision.isToBackend()
            ? ", backend " + Ipv4Address.format(decision.newDestination()) + ":" + decision.newDestinationPort()
            : "";
        return switch (decision.snat()) {
            case FlowDecision.MASQUERADE -> backend + ", masqueraded";
            case FlowDecision.SNAT_TO_GATEWAY -> backend + ", from the gateway";
            case FlowDecision.SNAT_TO_BASE -> backend + ", from the base";
            default -> backend;
        };
    }

    private static String ingress(int ingress) {
        return Ingress.isTunnel(ingress) ? "peer " + Ingress.peer(ingress) : String.valueOf(ingress);
    }

    private static String egress(int egress) {
        return switch (Egress.kind(egress)) {
            case Egress.PORT -> "port " + Egress.index(egress);
            case Egress.TUNNEL -> "tunnel " + Egress.index(egress);
            case Egress.UPLINK -> "uplink " + Egress.index(egress);
            case Egress.PUNT -> "the node";
            default -> "nowhere";
        };
    }
}
