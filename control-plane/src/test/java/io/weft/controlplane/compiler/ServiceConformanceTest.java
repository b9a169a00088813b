package io.weft.controlplane.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.controlplane.compiler.Frames.Packet;
import io.weft.controlplane.compiler.ServiceCase.Row;
import io.weft.controlplane.compiler.ServiceNode.Entrance;
import io.weft.controlplane.compiler.ServiceNode.Sent;
import io.weft.controlplane.healthcheck.HealthCheckServer;
import io.weft.controlplane.status.Failures;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What kube-proxy does with a packet to a Service, as data ({@code services/README.md}), against the real compiler, tables and graph. A row
 * passes if its connections reach exactly the expected endpoints with the expected source, and the endpoints' answers come back to the
 * client from the address that it asked; or if the packet is dropped, refused or passed on as expected.
 *
 * <p>IPv6 rows and those that the data calls unsure are not run. {@link #DIFFERENCES} lists the rows where Weft differs on purpose.
 */
class ServiceConformanceTest {
    private static final int IPV6_ROWS = 20;
    private static final int UNSURE_ROWS = 3;
    private static final int HEALTH_CHECKS = 17;
    private static final int CONNECTIONS_PER_ENDPOINT = 40;
    private static final int CONNECTIONS_FOR_SHARES = 1000;
    private static final int REPETITIONS_OF_A_REFUSAL = 3;
    private static final long ROW_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int FIRST_PORT = 1024;

    private static final String SCTP = "SCTP is not carried; weft status names each such port";

    /** File and row to the reason. */
    private static final Map<String, String> DIFFERENCES = Map.of(
        "ports-one-number-three-protocols 3", SCTP,
        "sctp-flows-like-tcp 1", SCTP,
        "sctp-flows-like-tcp 2", SCTP,
        "sctp-flows-like-tcp 3", SCTP);

    private static final Map<String, Integer> COUNTS = new TreeMap<>();

    private final Set<String> failures = new TreeSet<>();
    private final Map<String, Set<String>> endpointsOf = new HashMap<>();
    private final Map<String, Integer> portOf = new HashMap<>();
    private ServiceNode node;
    private HealthCheckServer healthChecks;
    private ServiceNode withoutServices;
    private int nextPort = FIRST_PORT;

    static Stream<String> files() throws IOException, URISyntaxException {
        Path directory = Path.of(ServiceConformanceTest.class.getResource("/services").toURI());
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".yaml"))
                .map(name -> name.replace(".yaml", "")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void servicesAsKubeProxyDoes(String file) throws Exception {
        ServiceCase content = ServiceCase.read(file);
        try (ServiceNode with = new ServiceNode(content, true);
            ServiceNode without = new ServiceNode(content, false);
            HealthCheckServer server = new HealthCheckServer(() -> true, () -> {
            }, new Failures())) {
            healthChecks = server;
            node = with;
            withoutServices = without;
            for (ServiceCase.Step step : content.steps()) {
                run(file, step);
            }
        }
        Set<String> expected = DIFFERENCES.keySet().stream().filter(row -> row.startsWith(file + " "))
            .collect(Collectors.toCollection(TreeSet::new));
        Set<String> failed = failures.stream().map(failure -> failure.substring(0, failure.indexOf(':')))
            .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(expected, failed, () -> String.join("\n", failures));
    }

    private void run(String file, ServiceCase.Step step) throws IOException, InterruptedException {
        if (!step.change().isEmpty()) {
            node.apply(step.change());
        }
        if (step.zone().isPresent()) {
            node.setZone(step.zone().get());
        }
        node.pass(TimeUnit.SECONDS.toNanos(step.waitSeconds()));
        healthChecks.update(node.healthChecks());
        for (Map<String, Object> request : step.http()) {
            String failure = HealthCheckRow.check(request);
            count(failure.isEmpty() ? "health checks passed" : "health checks failed", 1);
            if (!failure.isEmpty()) {
                failures.add(file + " health check: " + request + ": " + failure);
            }
        }
        for (Row row : step.rows()) {
            if (row.isIpv6()) {
                count("IPv6", 1);
            } else if (row.unsure()) {
                count("unsure", 1);
            } else {
                String failure = check(row);
                count(failure.isEmpty() ? "passed" : "failed", 1);
                if (!failure.isEmpty()) {
                    failures.add(file + " " + row.number() + ": " + row + ": " + failure);
                }
            }
            node.pass(ROW_NANOS);
        }
    }

    private static void count(String what, int number) {
        COUNTS.merge(what, number, Integer::sum);
    }

    @AfterAll
    static void report() {
        System.out.println("Service rows by outcome: " + COUNTS + ", differences on purpose " + DIFFERENCES.size());
        assertEquals(IPV6_ROWS, COUNTS.get("IPv6"));
        assertEquals(UNSURE_ROWS, COUNTS.get("unsure"));
        assertEquals(HEALTH_CHECKS, COUNTS.get("health checks passed"));
        assertEquals(DIFFERENCES.size(), COUNTS.getOrDefault("failed", 0));
    }

    // -- rows --------------------------------------------------------------------------------------------------------

    /** @return what is wrong; empty if nothing is */
    private String check(Row row) {
        if (!row.flow().isEmpty()) {
            Integer known = portOf.get(row.flow());
            int port = known != null ? known : nextPort++;
            portOf.put(row.flow(), port);
            return row.endpoints().isEmpty() ? refusal(row, port) : connections(row, List.of(port));
        }
        if (row.endpoints().isEmpty()) {
            for (int i = 0; i < REPETITIONS_OF_A_REFUSAL; i++) {
                String wrong = refusal(row, nextPort++);
                if (!wrong.isEmpty()) { return wrong; }
            }
            return "";
        }
        int count = row.equalShares() ? CONNECTIONS_FOR_SHARES : CONNECTIONS_PER_ENDPOINT * row.endpoints().size();
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ports.add(nextPort++);
        }
        return connections(row, ports);
    }

    /** A packet that is to be dropped, refused or passed on. */
    private String refusal(Row row, int sourcePort) {
        List<Sent> sent = send(node, row, sourcePort, Frames.SYN);
        String outcome = outcome(row, sent);
        if (!row.verdict().equals("pass")) { return outcome.equals(row.verdict()) ? "" : outcome; }
        List<Sent> expected = send(withoutServices, row, sourcePort, Frames.SYN);
        return sent.equals(expected) ? "" : outcome + " " + sent + ", without Services " + expected;
    }

    private String connections(Row row, List<Integer> sourcePorts) {
        Map<String, Integer> reached = new TreeMap<>();
        for (int sourcePort : sourcePorts) {
            List<Sent> sent = send(node, row, sourcePort, row.data() ? Frames.ACK : Frames.SYN);
            String outcome = outcome(row, sent);
            if (!outcome.equals("forward")) { return outcome + " after " + reached; }
            Packet packet = sent.getFirst().packet();
            String endpoint = Frames.format(packet.destination(), packet.destinationPort());
            String wrong = row.endpoints().contains(endpoint) ? source(row, endpoint, packet) : "not expected";
            if (wrong.isEmpty() && (!reached.containsKey(endpoint) || row.handshake())) {
                wrong = answer(row, sourcePort, sent.getFirst());
            }
            if (!wrong.isEmpty()) { return endpoint + ": " + wrong; }
            reached.merge(endpoint, 1, Integer::sum);
        }
        return reached(row, reached);
    }

    private String reached(Row row, Map<String, Integer> reached) {
        if (!row.id().isEmpty()) {
            endpointsOf.put(row.id(), reached.keySet());
        }
        if (!row.stickyTo().isEmpty()) {
            return reached.keySet().equals(endpointsOf.get(row.stickyTo())) ? "" : "moved to " + reached;
        }
        if (row.sticky()) { return reached.size() == 1 ? "" : "spread over " + reached; }
        if (!row.flow().isEmpty()) { return ""; }
        if (reached.size() != row.endpoints().size()) { return "only " + reached; }
        int fair = reached.values().stream().mapToInt(Integer::intValue).sum() / reached.size();
        boolean isUneven = reached.values().stream().anyMatch(count -> count < fair * 3 / 4 || count > fair * 5 / 4);
        return row.equalShares() && isUneven ? "shares " + reached : "";
    }

    private String source(Row row, String endpoint, Packet packet) {
        int source = Ipv4Address.of(row.source());
        boolean isKept = packet.source() == source;
        if (!row.isMasqueraded(endpoint)) { return isKept ? "" : "source " + Ipv4Address.format(packet.source()); }
        return node.isOwn(packet.source()) && (!isKept || row.from().equals("node"))
            ? ""
            : "source " + Ipv4Address.format(packet.source());
    }

    /** The endpoint answers, and the client gets it from the address that it asked. */
    private String answer(Row row, int clientPort, Sent sent) {
        Packet packet = sent.packet();
        List<Sent> back = node.send(node.answering(sent), Frames.ipv4(packet.destination(), packet.source(),
            packet.protocol(), packet.destinationPort(), packet.sourcePort(), Frames.SYN | Frames.ACK));
        Packet wanted = new Packet(Ipv4Address.of(row.destination()), Ipv4Address.of(row.source()), row.protocol(),
            row.port(), clientPort, row.protocol() == IpProtocol.IPPROTO_TCP ? Frames.SYN | Frames.ACK : 0, -1);
        int port = entrance(node, row).port();
        if (!back.equals(List.of(new Sent(port, wanted)))) { return "its answer became " + back; }
        if (row.handshake()) {
            send(node, row, clientPort, Frames.ACK);
        }
        return "";
    }

    private String outcome(Row row, List<Sent> sent) {
        if (sent.isEmpty()) { return "drop"; }
        Packet first = sent.getFirst().packet();
        if (sent.size() == 1 && first.isRefusal() && first.destination() == Ipv4Address.of(row.source())
            && sent.getFirst().port() == entrance(node, row).port()) {
            return "reject";
        }
        return sent.size() == 1 ? "forward" : "several frames " + sent;
    }

    private static List<Sent> send(ServiceNode to, Row row, int sourcePort, int flags) {
        return to.send(entrance(to, row), Frames.ipv4(Ipv4Address.of(row.source()), Ipv4Address.of(row.destination()),
            row.protocol(), sourcePort, row.port(), flags));
    }

    private static Entrance entrance(ServiceNode to, Row row) {
        return to.entrance(row.ingress(), Ipv4Address.of(row.source()));
    }
}
