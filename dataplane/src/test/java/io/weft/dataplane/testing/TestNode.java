package io.weft.dataplane.testing;

import io.weft.dataplane.DataplaneMain;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.table.DataplaneEpochs;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesWriter;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A node in a namespace: a real dataplane in a child process. The test writes its tables in place of a control plane. */
public final class TestNode implements AutoCloseable {
    public static final IpPrefix CLUSTER = IpPrefix.of("10.244.0.0/16");
    public static final IpPrefix SERVICES = IpPrefix.of("10.96.0.0/16");

    public final Path namespace;
    public final Path runDirectory;
    public final LocalNode local;
    /** The current writer. */
    public TablesWriter tables;
    private final DataplaneEpochs epochs;
    private final TestNetwork network;
    private final Map<String, String> settings = new HashMap<>();
    private final List<Process> processes = new ArrayList<>();
    private Process process;

    /** @param number N of the node: address 192.0.2.1N on {@code uplink}, pods in 10.244.N.0/24 */
    public TestNode(TestNetwork network, Path namespace, int number, String uplink, Path directory) throws IOException {
        this.network = network;
        this.namespace = namespace;
        runDirectory = Files.createDirectories(directory.resolve("n" + number));
        local = new LocalNode("n" + number, IpAddress.of("192.0.2.1" + number),
            IpPrefix.of("10.244." + number + ".0/24"), CLUSTER,
            SERVICES, 0x0200_00AA_0000L | number, new Overlay(Encapsulation.VXLAN, 1, 8472), 1450, 1450, true, 61_000,
            65_535);
        epochs = new DataplaneEpochs(runDirectory);
        tables = TablesWriter.create(runDirectory, new TablesSizing(4 << 20), epochs);
        tables.putLocal(local);
        tables.commit();
        settings.put("nodeName", local.name());
        settings.put("uplink", uplink);
        settings.put("runDirectory", runDirectory.toString());
        settings.put("flows.capacity", "8192");
    }

    public TestNode set(String key, String value) {
        settings.put(key, value);
        return this;
    }

    /** Publishes another writer's complete tables, as a restarted control plane does. */
    public void takeOverTables(List<PortSpec> ports) {
        tables.close();
        tables = TablesWriter.create(runDirectory, new TablesSizing(4 << 20), epochs);
        tables.putLocal(local);
        ports.forEach(tables::putPort);
        tables.commit();
    }

    public PeerSpec asPeer(int index) {
        return new PeerSpec(index, local.name(), local.address(), local.vtepMac(), local.podCidr(),
            List.of(local.address()), true);
    }

    /** Starts the dataplane and waits until it forwards. */
    public TestNode start() {
        process = launch(log());
        TestNetwork.await("dataplane of " + local.name() + " to forward", () -> {
            requireAlive();
            return uplinkIsUp();
        });
        return this;
    }

    /** Starts another dataplane with the same configuration. */
    public Process launch(Path log) {
        List<String> command = new ArrayList<>(List.of("-XX:+UseSerialGC", "-Xmx128m"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(flag -> flag.startsWith("--") || flag.matches("-XX:(MaxVectorSize|UseAVX)=.*"))
            .forEach(command::add); // the last two decide whether there is a fast path
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), DataplaneMain.class.getName()));
        settings.forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
        try {
            Process started = NetworkNamespace.call(
                namespace,
                ExternalCommand.java(command).builder().redirectErrorStream(true).redirectOutput(log.toFile())::start);
            processes.add(started);
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Process process() {
        return process;
    }

    public Path log() {
        return runDirectory.resolve("log");
    }

    public String logText() {
        try {
            return Files.readString(log());
        } catch (IOException e) {
            return "";
        }
    }

    /** A pod with address {@code .host} of the node's podCIDR in a namespace of its own, its port in the tables. */
    public TestPod pod(int host, int queues) throws Exception {
        Path pod = network.namespace(local.name() + "-" + host);
        TestPod made = new TestPod(this, pod, host, host, queues);
        made.attach(network);
        return made;
    }

    /** The port's state that the dataplane last reported. */
    public Optional<PortStatus> port(int id) {
        try (CounterReader counters = CounterReader.open(runDirectory)) {
            return counters.port(id);
        }
    }

    public void awaitPort(int id, PortState state) {
        TestNetwork.await("port " + id + " to be " + state, () -> {
            requireAlive();
            return port(id).map(PortStatus::state).orElse(PortState.GONE) == state;
        });
    }

    public CounterReader counters() {
        return CounterReader.open(runDirectory);
    }

    /** The log and the counters, for the text of a failure. */
    public String report() {
        StringBuilder text = new StringBuilder(logText());
        try (CounterReader counters = counters()) {
            for (FrameTotal total : FrameTotal.values()) {
                text.append(total.label()).append('=').append(counters.total(total)).append(' ');
            }
            for (int i = 0; i < counters.dropLabels().size(); i++) {
                text.append(counters.drop(i) == 0 ? "" : counters.dropLabels().get(i) + "=" + counters.drop(i) + " ");
            }
            for (int i = 0; i < counters.nodeLabels().size(); i++) {
                text.append(counters.node(i) == 0 ? "" : counters.nodeLabels().get(i) + "=" + counters.node(i) + " ");
            }
            counters.ports().forEach(port -> text.append('\n').append(port));
            counters.adjacencies().forEach(adjacency -> text.append('\n').append(adjacency));
        }
        return text.toString();
    }

    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** Sends SIGTERM; returns the exit code. */
    public int stop() {
        process.destroy();
        awaitEnd();
        return process.exitValue();
    }

    public void requireAlive() {
        if (!process.isAlive()) {
            throw new AssertionError("the dataplane has ended with " + process.exitValue() + ":\n" + logText());
        }
    }

    private boolean uplinkIsUp() {
        try {
            return port(PortId.UPLINK).map(PortStatus::state).orElse(PortState.GONE) == PortState.UP
                && port(PortId.UPLINK).isPresent() && counters().pid() == process.pid();
        } catch (RuntimeException notYet) {
            return false;
        }
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                throw new AssertionError(
                    "the dataplane does not end: " + Arrays.toString(process.info().arguments().orElse(new String[0])));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        processes.stream().filter(Process::isAlive).forEach(each -> {
            each.destroyForcibly();
            process = each;
            awaitEnd();
        });
        tables.close();
        epochs.close();
    }
}
