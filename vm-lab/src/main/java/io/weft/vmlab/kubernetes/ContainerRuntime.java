package io.weft.vmlab.kubernetes;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.process.Programs;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The node's containerd, with runc and the directories of its CNI plug-ins. */
final class ContainerRuntime {
    static final String ENDPOINT = "unix:///run/containerd/containerd.sock";
    private static final Duration START_TIME = Duration.ofMinutes(1);
    private static final String CNI_PLUGINS = "/usr/lib/cni";
    private static final String CONTAINERD = "containerd";
    /** The namespace, in containerd's sense, of a kubelet's containers. */
    private static final String NAMESPACE = "k8s.io";
    private final LabPlan lab;
    private final LabPlan.Host host;
    private final NamespaceThread place;
    private final NodeFiles files;
    private final Path log;
    private Daemon daemon;

    ContainerRuntime(LabPlan lab, LabPlan.Host host, NamespaceThread place, NodeFiles files) {
        this.lab = lab;
        this.host = host;
        this.place = place;
        this.files = files;
        log = lab.directory().resolve(host.name()).resolve("containerd.log");
    }

    /** What this machine lacks to run containers, in one line; null if nothing. */
    static String missing() {
        return Programs
            .missing("containerd", "containerd-shim-runc-v2", "ctr", "runc", "/usr/lib/cni/loopback", "busybox",
                "nft", "nsenter")
            .orElse(null);
    }

    /** Where the runtime looks for CNI plug-ins; contains those of the distribution. */
    Path cniPlugins() throws IOException {
        return files.shared("cni/bin");
    }

    /** Where the runtime looks for network configuration. */
    Path cniConfiguration() throws IOException {
        return files.shared("cni/net.d");
    }

    /** Starts it, also after {@link #kill}. */
    void start() throws Exception {
        linkPlugins();
        Path configuration = Files.writeString(files.shared("containerd").resolve("config.toml"), configuration());
        Path socket = files.outside(Path.of("/run/containerd/containerd.sock"));
        Files.deleteIfExists(socket); // left by a killed one
        daemon = Daemon.start(place, "containerd of " + host.name(),
            ExternalCommand.of(CONTAINERD, "--config", configuration.toString()), log).inCgroup(lab, host, "runtime");
        Await.until(socket.toString(), START_TIME, List.of(daemon), () -> Files.exists(socket));
    }

    /** Ends it with SIGKILL; the containers run on. */
    void kill() throws InterruptedException {
        daemon.kill();
    }

    /**
     * The first process of a running container.
     *
     * @param container its identifier
     */
    long processOf(String container) throws Exception {
        ExternalCommand.Output tasks = place
            .call(ExternalCommand.of("ctr", "--namespace", NAMESPACE, "tasks", "ls")::run);
        return tasks.text().lines().map(line -> line.strip().split("\\s+"))
            .filter(task -> task[0].equals(container)).map(task -> Long.valueOf(task[1])).findFirst()
            .orElseThrow(() -> new IOException("no container " + container + " runs on " + host.name()));
    }

    private void linkPlugins() throws IOException {
        try (var plugins = Files.list(Programs.find(CNI_PLUGINS).orElseThrow())) {
            for (Path plugin : plugins.toList()) {
                Path link = cniPlugins().resolve(plugin.getFileName());
                if (!Files.exists(link)) {
                    Files.createSymbolicLink(link, plugin);
                }
            }
        }
    }

    /**
     * Lowering oom_score_adj and seeing huge pages may be refused in a container or a virtual machine. Copying images is slower than
     * overlayfs, but works on every file system.
     */
    private String configuration() throws IOException {
        return """
            version = 2
            disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing"]
            [plugins."io.containerd.grpc.v1.cri"]
              sandbox_image = "%s"
              restrict_oom_score_adj = true
              disable_apparmor = true
              tolerate_missing_hugetlb_controller = true
            [plugins."io.containerd.grpc.v1.cri".cni]
              bin_dir = "%s"
              conf_dir = "%s"
            [plugins."io.containerd.grpc.v1.cri".containerd]
              snapshotter = "native"
            [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
              runtime_type = "io.containerd.runc.v2"
            """.formatted(Images.PAUSE, cniPlugins(), cniConfiguration());
    }

    /** Starts the import of an archive of images. */
    Process importing(Path archive) throws Exception {
        ProcessBuilder builder = ExternalCommand.of("ctr", "--namespace", NAMESPACE, "images", "import",
            "--snapshotter", "native", archive.toString()).builder()
            .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        return place.call(builder::start);
    }

    Daemon daemon() {
        return daemon;
    }
}
