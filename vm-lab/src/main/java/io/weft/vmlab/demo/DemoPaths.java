package io.weft.vmlab.demo;

import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.net.NamespaceThread;
import io.weft.vmlab.traffic.BulkTransfer;
import io.weft.vmlab.traffic.Dns;
import io.weft.vmlab.traffic.HttpBackend;
import io.weft.vmlab.traffic.HttpBurst;
import io.weft.vmlab.traffic.Ping;
import io.weft.vmlab.traffic.UdpEcho;
import io.weft.vmlab.traffic.WhoAmI;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.HdrHistogram.Histogram;

/** Every path that the demo tests, in order. */
final class DemoPaths {
    private static final int PINGS = 50;
    private static final int ECHOES = 500;
    private static final long ECHO_GAP_NANOS = 200_000;
    private static final int HTTP_REQUESTS = 2000;
    private static final int HTTP_PARALLEL = 8;
    private static final double EVEN_SHARE_TOLERANCE = 0.15;
    private static final int DNS_QUESTIONS = 200;
    private static final int BULK_PORT = 5001;
    private static final int ECHO_PORT = 7;
    private static final int WHO_AM_I_PORT = 9000;

    private final DemoCluster cluster;
    private final long bulkBytes;

    /** @param bulkBytes content bytes in each direction of every TCP bulk path */
    DemoPaths(DemoCluster cluster, long bulkBytes) {
        this.cluster = cluster;
        this.bulkBytes = bulkBytes;
    }

    List<DemoPath> all() {
        Pod near = cluster.client1;
        Pod neighbour = cluster.neighbour1;
        Pod far = cluster.client2;
        LabPlan.Host n1 = near.host();
        LabPlan.Host n2 = far.host();
        NamespaceThread node1 = cluster.lab.node("n1").thread();
        List<DemoPath> paths = new ArrayList<>();
        paths.add(ping("pod → its gateway", near, n1.podGateway()));
        paths.add(ping("pod → pod, same node", near, neighbour.address()));
        paths.add(ping("pod on n1 → pod on n2", near, far.address()));
        paths.add(echo("pod → pod, same node", near, neighbour));
        paths.add(echo("pod on n1 → pod on n2", near, far));
        paths.add(bulk("pod ↔ pod, same node", near, neighbour));
        paths.add(bulk("pod on n1 ↔ pod on n2", near, far));
        paths.add(new DemoPath("pod → ClusterIP, HTTP over 4 backends on 2 nodes", this::http));
        paths.add(new DemoPath("pod → ClusterIP, DNS over UDP", path -> dns(path, near.thread())));
        paths.add(new DemoPath("node n1 → ClusterIP, DNS over UDP", path -> dns(path, node1)));
        paths.add(source("node n1 → local pod", node1, null, near.thread(), near.address(), null));
        paths.add(source("node n1 → pod on n2", node1, null, far.thread(), far.address(), n1.podCidrBase()));
        paths.add(
            source("pod → its node's address", near.thread(), near.address(), node1, n1.address(), near.address()));
        paths.add(source(
            "pod on n1 → node n2's address", near.thread(), near.address(), cluster.lab.node("n2").thread(),
            n2.address(), near.address()));
        paths.add(source(
            "pod → outside, masqueraded", near.thread(), null, cluster.lab.outside().thread(),
            cluster.lab.outside().address(), n1.address()));
        if (cluster.kernelPod != null) {
            paths.add(ping("pod on n1 → pod on kernel node k1", near, cluster.kernelPod.address()));
            paths.add(bulk("pod on n1 ↔ pod on kernel node k1", near, cluster.kernelPod));
        }
        return paths;
    }

    private static DemoPath ping(String where, Pod from, InetAddress to) {
        return new DemoPath(where + ", ping", path -> {
            Ping.Result result = Ping.run(from.thread(), to, PINGS);
            String seen = result.received() + " of " + result.sent() + " answered";
            return new PathResult(path, result.received() == result.sent(), seen, result.roundTripNanos());
        });
    }

    private static DemoPath echo(String where, Pod from, Pod to) {
        return new DemoPath(where + ", UDP echo", path -> {
            try (UdpEcho.Server server = UdpEcho.serve(to.thread(), to.port(ECHO_PORT))) {
                UdpEcho.Result result = UdpEcho.measure(from.thread(), to.port(ECHO_PORT), ECHOES, ECHO_GAP_NANOS);
                String seen = result.answered() + " of " + result.sent() + " answered";
                return new PathResult(path, result.answered() == result.sent(), seen, result.roundTripNanos());
            }
        });
    }

    private DemoPath bulk(String where, Pod from, Pod to) {
        return new DemoPath(where + ", TCP bulk", path -> {
            BulkTransfer.Result result = new BulkTransfer().run(from.thread(), to.thread(), to.port(BULK_PORT),
                to.port(BULK_PORT), bulkBytes);
            String seen = "%d MiB each way, %.2f Gbit/s, SHA-256 %s…/%s… %s"
                .formatted(
                    bulkBytes >> 20, result.gigabitsPerSecond(), result.forwardHash().substring(0, 8),
                    result.backwardHash().substring(0, 8), result.intact() ? "equal" : "DIFFER");
            return new PathResult(path, result.intact(), seen, null);
        });
    }

    private PathResult http(String path) throws Exception {
        HttpBurst.Result result = new HttpBurst().run(cluster.client1.thread(), DemoCluster.WEB_SERVICE, HTTP_REQUESTS,
            HTTP_PARALLEL);
        Set<String> clients = new TreeSet<>();
        for (HttpBackend backend : cluster.web) {
            clients.addAll(backend.clients().keySet());
        }
        boolean ownAddress = clients.equals(Set.of(cluster.client1.address().getHostAddress()));
        double unevenness = result.unevenness(cluster.web.size());
        boolean good = result.failures().isEmpty() && ownAddress && unevenness <= EVEN_SHARE_TOLERANCE;
        String seen = result.perBackend()
            + ", share within %.1f %%, backends saw %s".formatted(unevenness * 100, clients);
        if (!result.failures().isEmpty()) {
            seen = "failed: " + result.failures() + "; " + seen;
        }
        return new PathResult(path, good, seen, result.latencyNanos());
    }

    private PathResult dns(String path, NamespaceThread client) throws Exception {
        Histogram latency = new Histogram(10_000_000_000L, 3);
        for (int i = 0; i < DNS_QUESTIONS; i++) {
            long start = System.nanoTime();
            InetAddress address = Dns.resolve(client, DemoCluster.DNS_SERVICE, DemoCluster.DNS_NAME);
            latency.recordValue(System.nanoTime() - start);
            if (!address.equals(DemoCluster.WEB_SERVICE.getAddress())) {
                return PathResult.failed(path, "answer was " + address);
            }
        }
        List<Long> shares = cluster.dns.stream().map(Dns.Server::answered).toList();
        return PathResult.passed(path, DNS_QUESTIONS + " answers; servers so far " + shares, latency);
    }

    /** One TCP connection whose server reports the source address it saw; {@code expected} null: any address of the client's node. */
    private static DemoPath source(
        String where, NamespaceThread from, InetAddress bind, NamespaceThread server, InetAddress to,
        InetAddress expected) {
        return new DemoPath(where + ", TCP", path -> {
            InetSocketAddress listen = new InetSocketAddress(to, WHO_AM_I_PORT);
            try (WhoAmI running = WhoAmI.serve(server, listen)) {
                String seen = WhoAmI.ask(from, bind, listen);
                boolean good = expected == null || seen.startsWith(expected.getHostAddress() + ":");
                return new PathResult(path, good,
                    "server saw " + seen + (good ? "" : ", not " + expected.getHostAddress()), null);
            }
        });
    }
}
