package io.weft.perf.change;

import io.weft.dataplane.DataplaneMain;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterFileException;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.forwarding.PortId;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A node without its control plane: a real dataplane in a process and a network namespace of its own, whose uplink is one end of a veth. All
 * other nodes are behind one router, which is a permanent neighbour.
 */
final class BenchNode implements AutoCloseable {
    static final String UPLINK = "up0";
    static final int UPLINK_MTU = 1500;
    /** Name of the threads that keep the process's name: the main thread, which is the conductor, and one that only waits. */
    static final String CONDUCTOR = "java";
    /** The uplink's other end, in the same namespace. */
    static final String ROUTER_DEVICE = "router0";
    private static final String LOG = "log";
    /** In its log, once it waits for tables. */
    private static final String WAITING = "waiting for the control plane";
    private static final int ROUTER = Ipv4Address.of("192.0.2.254");
    private static final long ROUTER_MAC = 0x02_00_00_00_00_FEL;
    private static final int UNDERLAY_LENGTH = 24;
    private static final String FLAGS_PROPERTY = "weft.dataplane.flags";
    private static final String DEFAULT_FLAGS = "-XX:+UseSerialGC -Xms64m -Xmx64m";
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(3);
    private static final long END_SECONDS = 30;

    private final Path namespace;
    private final Path runDirectory;
    private Process process;

    /** @param name of the network namespace */
    BenchNode(String name, Path runDirectory) {
        namespace = NetworkNamespace.named(name);
        this.runDirectory = runDirectory;
        NetworkNamespace.create(namespace);
        try (Rtnetlink links = Rtnetlink.openIn(namespace)) {
            links.setUp(1);
            links.createVeth(VethSpec.of(UPLINK, ROUTER_DEVICE).withMtu(UPLINK_MTU).withQueues(1));
            Link uplink = links.link(UPLINK).orElseThrow();
            links.addAddress(uplink.index(), BenchCluster.NODE_ADDRESS.toInt(), UNDERLAY_LENGTH,
                Route.RT_SCOPE_UNIVERSE);
            links.setUp(uplink.index());
            links.setUp(links.link(ROUTER_DEVICE).orElseThrow().index());
            links.replaceNeighbour(uplink.index(), ROUTER, ROUTER_MAC);
            links.replaceRoute(Route.to(0, 0).via(ROUTER, uplink.index()));
        }
    }

    /** Starts the dataplane; its tables need not exist yet. */
    void start(Map<String, String> settings) throws IOException {
        ExternalCommand java = ExternalCommand
            .java(ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("--")).toList())
            .with(List.of(System.getProperty(FLAGS_PROPERTY, DEFAULT_FLAGS).strip().split(" +")))
            .with("-cp", System.getProperty("java.class.path"), DataplaneMain.class.getName());
        for (Map.Entry<String, String> setting : settings.entrySet()) {
            java = java.with("--set", setting.getKey() + "=" + setting.getValue());
        }
        process = NetworkNamespace.call(namespace, java.builder().redirectErrorStream(true)
            .redirectOutput(runDirectory.resolve(LOG).toFile())::start);
    }

    Path namespace() {
        return namespace;
    }

    long pid() {
        return process.pid();
    }

    /** Waits until it waits for its first tables. */
    void awaitStarted() throws IOException, InterruptedException {
        await("the dataplane to start", () -> {
            try {
                return Files.readString(runDirectory.resolve(LOG)).contains(WAITING);
            } catch (IOException notYet) {
                return false;
            }
        });
    }

    /** Waits until its uplink is open. */
    void awaitForwarding() throws IOException, InterruptedException {
        await("the dataplane to forward", () -> {
            try (CounterReader counters = CounterReader.open(runDirectory)) {
                return counters.pid() == pid() && counters.port(PortId.UPLINK)
                    .filter(port -> port.state() == PortState.UP).isPresent();
            } catch (CounterFileException notYet) {
                return false;
            }
        });
    }

    long gauge(ConductorGauge gauge) {
        try (CounterReader counters = CounterReader.open(runDirectory)) {
            return counters.gauge(gauge);
        }
    }

    /** @throws IOException if it takes longer than three minutes, or the dataplane has ended */
    void await(String what, BooleanSupplier condition) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (!process.isAlive()) {
                throw new IOException("the dataplane has ended: " + Files.readString(runDirectory.resolve(LOG)));
            }
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new IOException("timed out after 3 minutes: waiting for " + what);
            }
            Thread.sleep(20);
        }
    }

    @Override
    public void close() throws InterruptedException {
        if (process != null) {
            process.destroy();
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        }
        NetworkNamespace.delete(namespace);
    }
}
