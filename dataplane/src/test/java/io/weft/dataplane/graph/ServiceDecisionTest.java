package io.weft.dataplane.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.decision.FlowDecision;
import io.weft.dataplane.decision.Frontends;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.state.BatchContext;
import io.weft.dataplane.table.LocalPods;
import io.weft.dataplane.table.ServiceRules;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Which backends each client of each kind of frontend gets, and whose address it then has, on the node of {@link GraphFixture}.
 *
 * <pre>
 *   A 10.244.1.2, B 10.244.1.3: pods of this node     R 10.244.2.5, S 10.244.3.5: pods of others     N 192.0.2.11: this node itself
 * </pre>
 */
class ServiceDecisionTest {
    private static final int TCP = Packet.TCP;
    private static final String VIP = "203.0.113.80";

    private final GraphFixture node = new GraphFixture(256, 1024, MemoryPort.Sent.CAPTURED);
    private final BatchContext context = new BatchContext(node.state);
    private final FlowDecision decision = new FlowDecision(context);

    @BeforeEach
    void fill() {
        rules(new ServiceRules(List.of(IpPrefix.of("192.0.2.11/32"), IpPrefix.of("10.244.1.0/24")), false,
            LocalPods.NODE_CIDR, List.of()));
        for (int local = 0; local < 2; local++) {
            boolean policyLocal = local == 1;
            put(FrontendKind.CLUSTER_IP, "10.96.1.1", 80 + local, policyLocal, 'B', 'R');
            put(FrontendKind.LOAD_BALANCER, VIP, 80 + local, policyLocal, 'B', 'R');
            put(FrontendKind.EXTERNAL_IP, "203.0.113.81", 80 + local, policyLocal, 'B', 'R');
            put(FrontendKind.NODE_PORT, null, 30080 + local, policyLocal, 'B', 'R');
            put(FrontendKind.CLUSTER_IP, "10.96.1.2", 80 + local, policyLocal, 'R', 'S');
            put(FrontendKind.NODE_PORT, null, 30090 + local, policyLocal, 'R', 'S');
            put(FrontendKind.NODE_PORT, null, 30070 + local, policyLocal);
            put(FrontendKind.NODE_PORT, null, 30060 + local, policyLocal, 'N');
            put(FrontendKind.NODE_PORT, null, 30050 + local, policyLocal, 'A');
        }
        put(FrontendKind.HOST_PORT, null, 8080, false, 'B');
    }

    @AfterEach
    void close() {
        node.close();
    }

    @ParameterizedTest(name = "{0} to {1}")
    @CsvSource(delimiter = '|', textBlock = """
        pod A            | 10.96.1.1:80    | B, R
        pod A            | 10.96.1.1:81    | B
        pod A            | 10.96.1.2:81    | drop SERVICE_NO_LOCAL_ENDPOINT
        pod A            | 10.96.1.1:82    | reject SERVICE_NO_PORT
        pod A            | 10.96.1.9:80    | drop SERVICE_UNKNOWN_ADDRESS
        pod A            | 203.0.113.80:80 | B from 10.244.1.1, R from 10.244.1.0
        pod A            | 203.0.113.80:81 | B, R
        pod A            | 203.0.113.80:82 | masqueraded to the router
        pod A            | 203.0.113.81:80 | B from 10.244.1.1, R from 10.244.1.0
        pod A            | 203.0.113.81:81 | B, R
        pod A            | 192.0.2.11:30080 | B from 10.244.1.1, R from 10.244.1.0
        pod A            | 192.0.2.11:30081 | B, R
        pod A            | 10.244.1.1:30081 | B, R
        pod A            | 10.244.1.0:30081 | B, R
        pod A            | 172.17.0.1:30081 | the node
        pod A            | 192.0.2.12:30081 | peer
        pod A            | 192.0.2.11:30091 | R, S
        pod A            | 192.0.2.11:30070 | reject SERVICE_NO_ENDPOINTS
        pod A            | 192.0.2.11:30071 | reject SERVICE_NO_ENDPOINTS
        pod A            | 192.0.2.11:30060 | N
        pod A            | 192.0.2.11:30050 | A from 10.244.1.1
        pod A            | 192.0.2.11:30051 | A from 10.244.1.1
        pod A            | 192.0.2.11:8080  | B
        pod A            | 172.17.0.1:8080  | B
        pod B            | 192.0.2.11:8080  | B from 10.244.1.1
        node 192.0.2.11  | 10.96.1.1:80    | B, R from 10.244.1.0
        node 10.244.1.0  | 10.96.1.1:80    | B, R
        node 192.0.2.11  | 10.96.1.1:81    | B
        node 192.0.2.11  | 192.0.2.11:30081 | B, R from 10.244.1.0
        node 192.0.2.11  | 192.0.2.11:30060 | N from 10.244.1.1
        node 127.0.0.1   | 127.0.0.1:8080  | B from 10.244.1.1
        n2 10.244.2.9    | 10.96.1.1:80    | B from 10.244.1.1, R from 10.244.1.0
        n2 10.244.2.9    | 192.0.2.11:30080 | B from 10.244.1.1, R from 10.244.1.0
        n2 10.244.2.9    | 192.0.2.11:30081 | B
        n2 10.244.2.9    | 192.0.2.11:30091 | drop SERVICE_NO_LOCAL_ENDPOINT
        n2 10.244.2.9    | 192.0.2.11:30060 | N
        n2 192.0.2.12    | 192.0.2.11:30060 | N from 10.244.1.1
        n2 10.244.2.9    | 192.0.2.11:8080  | B
        n2 10.244.2.5    | 192.0.2.11:30090 | R from 10.244.1.0, S from 10.244.1.0
        n2 10.244.2.9    | 203.0.113.80:80  | B from 10.244.1.1, R from 10.244.1.0
        n2 10.244.2.9    | 203.0.113.80:82  | reject NO_ROUTE
        outside 198.51.100.7 | 192.0.2.11:30080 | B from 10.244.1.1, R from 10.244.1.0
        outside 198.51.100.7 | 192.0.2.11:30081 | B
        outside 198.51.100.7 | 192.0.2.11:30091 | drop SERVICE_NO_LOCAL_ENDPOINT
        outside 198.51.100.7 | 192.0.2.11:30071 | reject SERVICE_NO_ENDPOINTS
        outside 198.51.100.7 | 192.0.2.11:30061 | N from 10.244.1.1
        outside 198.51.100.7 | 192.0.2.11:30082 | the node
        outside 198.51.100.7 | 203.0.113.80:80  | B from 10.244.1.1, R from 10.244.1.0
        outside 198.51.100.7 | 203.0.113.80:81  | B
        outside 198.51.100.7 | 203.0.113.80:82  | the node
        outside 198.51.100.7 | 203.0.113.81:81  | B
        outside 198.51.100.7 | 10.96.1.1:80     | B from 10.244.1.1, R from 10.244.1.0
        outside 198.51.100.7 | 10.96.1.1:81     | B from 10.244.1.1
        outside 198.51.100.7 | 10.96.1.1:82     | reject SERVICE_NO_PORT
        outside 198.51.100.7 | 192.0.2.11:8080  | B
        outside 198.18.1.9   | 192.0.2.11:30080 | drop ROUTE_OTHER_DEVICE
        outside 198.18.2.9   | 192.0.2.11:30080 | drop NO_ROUTE
        outside 192.0.2.77   | 192.0.2.11:30080 | hold for 192.0.2.77
        outside 192.0.2.77   | 192.0.2.11:30070 | hold for 192.0.2.77
        outside 192.0.2.77   | 192.0.2.11:30091 | drop SERVICE_NO_LOCAL_ENDPOINT
        """)
    void endpoints(String client, String frontend, String expected) {
        assertEquals(expected, outcomes(client, frontend, true));
    }

    @ParameterizedTest(name = "{0}: {1} to {2}")
    @CsvSource(delimiter = '|', textBlock = """
        CLUSTER_CIDR | n2 10.244.2.9 | 10.96.1.1:80     | B, R from 10.244.1.0
        CLUSTER_CIDR | n2 10.244.2.9 | 192.0.2.11:30081 | B, R from 10.244.1.0
        CLUSTER_CIDR | outside 198.51.100.7 | 192.0.2.11:30081 | B
        NONE         | pod A         | 10.96.1.1:80     | B, R
        NONE         | n2 10.244.2.9 | 10.96.1.1:80     | B, R from 10.244.1.0
        NONE         | pod A         | 192.0.2.11:30081 | B
        """)
    void otherWaysToKnowThePodsOfThisNode(LocalPods localPods, String client, String frontend, String expected) {
        rules(new ServiceRules(List.of(IpPrefix.of("192.0.2.11/32")), false, localPods, List.of()));
        assertEquals(expected, outcomes(client, frontend, true));
    }

    @Test
    void masqueradeAllIsForClusterIps() {
        rules(new ServiceRules(List.of(IpPrefix.of("192.0.2.11/32")), true, LocalPods.NODE_CIDR, List.of()));
        assertEquals("B from 10.244.1.1, R from 10.244.1.0", outcomes("pod A", "10.96.1.1:80", true));
        assertEquals("B, R", outcomes("pod A", "192.0.2.11:30081", true));
    }

    @Test
    void sourceRangesComeBeforeEverythingElse() {
        ranges(VIP, 90, 'B');
        ranges(VIP, 91);
        assertEquals("B from 10.244.1.1", outcomes("outside 198.51.100.7", VIP + ":90", true));
        assertEquals("drop SERVICE_SOURCE_RANGE", outcomes("outside 198.51.99.7", VIP + ":90", true));
        assertEquals("drop SERVICE_SOURCE_RANGE", outcomes("pod A", VIP + ":91", true));
        assertEquals("reject SERVICE_NO_ENDPOINTS", outcomes("outside 198.51.100.7", VIP + ":91", true));
    }

    @Test
    void aSegmentOfAnUnknownConnectionIsRefused() {
        assertEquals("reject NO_FLOW", outcomes("outside 198.51.100.7", "192.0.2.11:30080", false));
        assertEquals("reject NO_FLOW", outcomes("n2 10.244.2.9", "192.0.2.11:30080", false));
    }

    private void rules(ServiceRules rules) {
        node.change(tables -> tables.putLocal(GraphFixture.local(rules)));
        node.state.publish(node.state.tables().forWorker());
    }

    private void put(int kind, String address, int port, boolean policyLocal, char... backends) {
        IpAddress vip = address == null ? ServiceKey.NODE_ADDRESSES : IpAddress.of(address);
        node.change(
            tables -> tables.services().put(new ServiceSpec(new ServiceKey(vip, port, TCP), kind, "s", policyLocal,
                false, 0, List.of(), backends(backends))));
    }

    private void ranges(String vip, int port, char... backends) {
        node.change(tables -> tables.services().put(new ServiceSpec(new ServiceKey(IpAddress.of(vip), port, TCP),
            FrontendKind.LOAD_BALANCER, "s", false, false, 0, List.of(IpPrefix.of("198.51.100.0/24")),
            backends(backends))));
    }

    private static List<Backend> backends(char... names) {
        return new String(names).chars().mapToObj(name -> switch (name) {
            case 'A' -> Backend.readyHere(IpAddress.of("10.244.1.2"), 8080);
            case 'B' -> Backend.readyHere(IpAddress.of("10.244.1.3"), 8080);
            case 'N' -> Backend.readyHere(IpAddress.of("192.0.2.11"), 8080);
            case 'R' -> Backend.ready(IpAddress.of("10.244.2.5"), 8080);
            default -> Backend.ready(IpAddress.of("10.244.3.5"), 8080);
        }).toList();
    }

    /** What 64 flows of a client get. */
    private String outcomes(String client, String frontend, boolean opens) {
        assertTrue(context.begin(node.now));
        String source = client.startsWith("pod") ? client.endsWith("A") ? "10.244.1.2" : "10.244.1.3"
            : client.substring(client.indexOf(' ') + 1);
        int destination = Ipv4Address.of(frontend.substring(0, frontend.indexOf(':')));
        int port = Integer.parseInt(frontend.substring(frontend.indexOf(':') + 1));
        int ingress = ingress(client);
        TreeSet<String> all = new TreeSet<>();
        for (int flow = 0; flow < 64; flow++) {
            long k0 = FlowKey.k0(Ipv4Address.of(source), destination);
            long k1 = FlowKey.k1(1000 + flow, port, TCP);
            long block = Frontends.find(context, ingress, k0, k1);
            int verdict = decision.decide(ingress, k0, k1, flow << 26, opens, context.tables().route4(destination),
                block);
            all.add(outcome(verdict, Ipv4Address.of(source)));
        }
        return String.join(", ", all);
    }

    private static int ingress(String client) {
        return switch (client.substring(0, client.indexOf(' '))) {
            case "pod" -> client.endsWith("A") ? GraphFixture.POD_A : GraphFixture.POD_B;
            case "node" -> PortId.HOST;
            case "n2" -> Ingress.tunnel(GraphFixture.N2);
            default -> PortId.UPLINK;
        };
    }

    private String outcome(int verdict, int source) {
        return switch (verdict) {
            case FlowDecision.FORWARD -> decision.isToBackend() ? backend(source)
                : decision.isOutside() ? "masqueraded to the router"
                : decision.replyIngress() == PortId.HOST ? "the node" : "peer";
            case FlowDecision.HOLD -> "hold for " + Ipv4Address.format(decision.unresolvedHop());
            case FlowDecision.FORWARD_STATELESS -> "the node";
            case FlowDecision.REFUSE -> (decision.answer() == 0 ? "drop " : "reject ") + decision.refusal();
            default -> "echo";
        };
    }

    private String backend(int source) {
        String name = switch (Ipv4Address.format(decision.newDestination())) {
            case "10.244.1.2" -> "A";
            case "10.244.1.3" -> "B";
            case "10.244.2.5" -> "R";
            case "10.244.3.5" -> "S";
            default -> "N";
        };
        return decision.newSource() == source ? name : name + " from " + Ipv4Address.format(decision.newSource());
    }
}
