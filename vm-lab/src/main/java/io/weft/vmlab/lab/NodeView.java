package io.weft.vmlab.lab;

import io.weft.dataplane.counters.AdjacencyKind;
import io.weft.dataplane.counters.AdjacencyStatus;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterFileException;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.table.TablesException;
import io.weft.dataplane.table.TablesReader;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.MacAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Reads what a node reports in its run directory, and waits for conditions; every wait ends and reports what was missing. */
public final class NodeView {
    private static final int LIMIT_SECONDS = 180; // some of this takes a minute on a busy machine
    private static final long POLL_MILLIS = 10;
    static final int BASIC_PORTS = 2; // weft-host and the uplink
    private final WeftNode node;

    NodeView(WeftNode node) {
        this.node = node;
    }

    /** Identifies the running dataplane, with the number of ports and peers it serves; all zero until one has written counters. */
    record Extent(long dataplane, long portsUp, long tunnels) {
        static final Extent NONE = new Extent(0, 0, 0);

        boolean isSuccessorOf(Extent before) {
            return dataplane != before.dataplane && portsUp >= before.portsUp && tunnels >= before.tunnels;
        }
    }

    Extent extent() {
        return read(
            counters -> new Extent(
                counters.incarnation(),
                counters.ports().stream().filter(port -> port.state() == PortState.UP).count(),
                counters.adjacencies().stream()
                    .filter(adjacency -> adjacency.kind() == AdjacencyKind.TUNNEL)
                    .filter(AdjacencyStatus::resolved)
                    .count()),
            Extent.NONE);
    }

    /** Ports that forward, including weft-host and the uplink. */
    public long portsUp() {
        return extent().portsUp;
    }

    /** The incarnation of the tables that the dataplane uses; 0 while it uses none. */
    long tablesIncarnation() {
        return read(counters -> counters.gauge(ConductorGauge.TABLES_INCARNATION), 0L);
    }

    /** Frames received by each worker. */
    public List<Long> receivedPerWorker() {
        return read(
            counters -> IntStream.range(0, counters.workers())
                .mapToObj(worker -> counters.total(worker, FrameTotal.RECEIVED))
                .toList(),
            List.of());
    }

    /** Waits until the dataplane has read anew which ports the node's processes have: a scan that is under way may have begun before. */
    public void awaitSocketScan() throws Exception {
        long before = socketScans();
        await("another scan of the node's sockets", () -> socketScans() >= before + 2);
    }

    private long socketScans() {
        return read(counters -> counters.gauge(ConductorGauge.SOCKET_SCANS), 0L);
    }

    private <T> T read(Function<CounterReader, T> question, T otherwise) {
        try (CounterReader counters = CounterReader.open(node.runDirectory())) {
            return isAlive(counters.pid()) ? question.apply(counters) : otherwise;
        } catch (CounterFileException e) {
            return otherwise;
        }
    }

    /** A dataplane that was killed leaves its counters behind, which still report a working one. */
    private static boolean isAlive(long process) {
        return ProcessHandle.of(process).map(ProcessHandle::isAlive).orElse(false);
    }

    /** The VTEP MAC that the node's control plane chose and stores. */
    long awaitVtepMac() throws Exception {
        Path file = node.stateDirectory().resolve("vtep-mac");
        await("its VTEP MAC in " + file, () -> Files.exists(file) && macIn(file).isPresent());
        return macIn(file).orElseThrow();
    }

    private static OptionalLong macIn(Path file) throws IOException {
        return MacAddress.parse(Files.readString(file).strip());
    }

    /** Waits until weft-host and the uplink are up and there are {@code peers} resolved tunnels. */
    void awaitReady(int peers) throws Exception {
        await("uplink and " + peers + " resolved tunnels", () -> {
            Extent extent = extent();
            return extent.portsUp >= BASIC_PORTS && extent.tunnels == peers;
        });
    }

    /** Waits until the tables map {@code service} to exactly these addresses. */
    void awaitBackends(InetSocketAddress service, Set<InetAddress> addresses) throws Exception {
        Set<IpAddress> wanted = addresses.stream().map(address -> IpAddress.ofBytes(address.getAddress()))
            .collect(Collectors.toSet());
        await(service + " mapped to " + addresses, () -> backendsOf(service).equals(wanted));
    }

    private Set<IpAddress> backendsOf(InetSocketAddress service) {
        Set<IpAddress> backends = new HashSet<>();
        IpAddress vip = IpAddress.ofBytes(service.getAddress().getAddress());
        try (TablesReader tables = TablesReader.open(node.runDirectory())) {
            tables.services().forEach(spec -> {
                if (spec.key().vip().equals(vip) && spec.key().port() == service.getPort()) {
                    spec.backends().forEach(backend -> backends.add(backend.ip()));
                }
            });
        } catch (TablesException e) {
            return Set.of(); // a control plane is just starting
        }
        return backends;
    }

    public void awaitPortsUp(long ports) throws Exception {
        await(ports + " ports up", () -> portsUp() == ports);
    }

    /** Polls {@code condition} until it holds; fails after {@value #LIMIT_SECONDS} s, or if the node has ended. */
    public void await(String what, Callable<Boolean> condition) throws Exception {
        long start = System.nanoTime();
        while (!condition.call()) {
            if (!node.process().map(Process::isAlive).orElse(false)) {
                throw new IOException("weft node ended on " + node.name() + ": " + lastLines());
            }
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(LIMIT_SECONDS)) {
                throw new IOException(
                    "node " + node.name() + " has not reached " + what + " in " + LIMIT_SECONDS + " s: " + lastLines());
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private String lastLines() throws IOException {
        List<String> lines = Files.readAllLines(node.log());
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    }
}
