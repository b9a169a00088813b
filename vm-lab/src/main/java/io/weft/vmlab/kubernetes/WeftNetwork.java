package io.weft.vmlab.kubernetes;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterReader;
import io.weft.nativebindings.linux.AtomicFiles;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.Distribution;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.lab.WeftProcesses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A node run by Weft, fed by the API server: the packaged product, which puts its CNI plug-in in place itself. */
public final class WeftNetwork implements NodeNetwork {
    private static final Duration RESTART_TIME = Duration.ofMinutes(2);
    /** Of the kubeconfig that {@link Credentials} writes. */
    private static final String SERVER = "server: ";
    private final LabPlan lab;
    private final ClusterNode node;
    private final Distribution distribution;
    private final Path kubeconfig;
    private final Path configuration;
    private final Path log;
    private Daemon daemon;

    /** @param kubeconfig with what Weft may do in the cluster; it may be written later, but before {@link #start} */
    WeftNetwork(LabPlan lab, ClusterNode node, Distribution distribution, Path kubeconfig) {
        this.lab = lab;
        this.node = node;
        this.distribution = distribution;
        this.kubeconfig = kubeconfig;
        configuration = WeftNode.configuration(lab, node.host());
        log = configuration.resolveSibling("weft.log");
    }

    @Override
    public void start(String podCidr) throws Exception {
        Files.writeString(configuration, """
            nodeName: %s
            uplink: %s
            runDirectory: %s
            stateDirectory: %s
            clusterCidr: %s
            serviceCidr: %s
            source:
              kubeconfig: %s
            cni:
              install: true
              binDirectory: %s
              confDirectory: %s
            """.formatted(node.name(), LabPlan.UPLINK, runDirectory(), node.files().shared("weft"),
            LabPlan.CLUSTER_CIDR, LabPlan.SERVICE_CIDR, kubeconfig, node.runtime().cniPlugins(),
            node.runtime().cniConfiguration()));
        letApiServerIn();
        startAgain();
    }

    /**
     * The control plane's host is no node of the cluster, so its packets to pods (the API server's proxy) come to this node without a tunnel.
     * Linux hands them on as the node's own.
     */
    private void letApiServerIn() throws Exception {
        node.setForwarding(true);
        node.loadRules("control-plane", """
            table ip lab {
              chain postrouting {
                type nat hook postrouting priority srcnat;
                oifname "weft-host" ip saddr %s masquerade
              }
            }
            """.formatted(ControlPlane.host(lab).address().getHostAddress()));
    }

    @Override
    public void startAgain() throws Exception {
        daemon = Daemon.start(node.thread(), "weft node of " + node.name(),
            ExternalCommand.file(distribution.weft(), "node", "--config", configuration.toString()), log);
    }

    @Override
    public void addPeer(Peer peer) {
        // Weft follows the Nodes of the API server.
    }

    /** Weft switches forwarding off on its own devices; the replies to the API server need it on this one. */
    @Override
    public void nodeReady() throws Exception {
        node.thread().call(() -> {
            Sysctl.write("net/ipv4/conf/weft-host/forwarding", "1");
            return null;
        });
    }

    @Override
    public void stop() throws Exception {
        daemon.stop();
    }

    @Override
    public List<Daemon> daemons() throws IOException {
        return daemon == null ? List.of() : List.of(daemon);
    }

    /** Kills the control plane with SIGKILL and waits until the dataplane uses its successor's tables. */
    public void killControlPlane() throws Exception {
        long before = tablesIncarnation();
        ProcessHandle victim = controlPlane();
        victim.destroyForcibly();
        victim.onExit().get();
        Await.until("tables of a new control plane", RESTART_TIME, daemons(), () -> tablesIncarnation() != before);
    }

    /** Kills the supervisor and both its children with SIGKILL. */
    public void killAll() throws Exception {
        List<ProcessHandle> children = daemon.process().descendants().toList();
        daemon.kill();
        for (ProcessHandle child : children) {
            child.destroyForcibly();
            child.onExit().get();
        }
    }

    /** Removes what a reboot does: everything in the run directory. The node must not run. */
    public void clearRunDirectory() throws IOException {
        try (Stream<Path> files = Files.walk(runDirectory())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** The URL of the API server that this node uses. */
    public String apiServer() throws IOException {
        return Files.readString(kubeconfig).lines().filter(line -> line.contains(SERVER)).findFirst().orElseThrow()
            .replace(SERVER, "").strip();
    }

    /** Turns the node to another API server, or to something between, with a new control plane. */
    public void useApiServer(String url) throws Exception {
        String text = Files.readString(kubeconfig).replace(SERVER + apiServer(), SERVER + url);
        AtomicFiles.write(kubeconfig, text.getBytes(StandardCharsets.UTF_8));
        killControlPlane();
    }

    private long tablesIncarnation() {
        try (CounterReader counters = CounterReader.open(runDirectory())) {
            return counters.gauge(ConductorGauge.TABLES_INCARNATION);
        }
    }

    /** Runs one {@code weft} command against this node and returns what it printed. */
    public String weft(String... arguments) throws Exception {
        ExternalCommand command = ExternalCommand.file(distribution.weft(), arguments)
            .with("--config", configuration.toString());
        ExternalCommand.Output output = node.thread().call(command::run);
        if (output.exit() != 0) {
            throw new IOException("weft " + String.join(" ", arguments) + " on " + node.name() + " ended with "
                + output.exit() + ": " + output.text());
        }
        return output.text();
    }

    public ProcessHandle dataplane() throws IOException {
        return WeftProcesses.dataplane(daemon.process());
    }

    public ProcessHandle controlPlane() throws IOException {
        return WeftProcesses.controlPlane(daemon.process());
    }

    /** Where the node's two processes keep the files that they share. */
    public Path runDirectory() {
        return configuration.resolveSibling("run");
    }
}
