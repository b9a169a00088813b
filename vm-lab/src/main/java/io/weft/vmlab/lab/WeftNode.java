package io.weft.vmlab.lab;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A node run by the packaged product: its namespace, directories, {@code weft node} process and pods. */
public final class WeftNode implements AutoCloseable {
    private final LabPlan.Host host;
    private final Distribution distribution;
    private final Manifests manifests;
    private final Path directory;
    private final Path configuration;
    private final NamespaceThread thread;
    private final CniPlugin cni;
    private final Path namespace;
    private final Map<String, String> settings;
    private final NodeView view = new NodeView(this);
    private final Map<String, Pod> pods = new LinkedHashMap<>();
    private Process process;
    private NodeView.Extent killed = NodeView.Extent.NONE;

    WeftNode(LabPlan plan, LabPlan.Host host, Path namespace, Distribution distribution, Manifests manifests)
        throws IOException {
        this.host = host;
        this.distribution = distribution;
        this.manifests = manifests;
        this.namespace = namespace;
        settings = plan.settings();
        configuration = configuration(plan, host);
        directory = Files.createDirectories(configuration.getParent());
        Files.writeString(configuration, configurationText(plan));
        thread = new NamespaceThread(namespace);
        cni = new CniPlugin(distribution.cniPlugin(), runDirectory().resolve("cni.sock"));
    }

    /** The configuration file of {@code host} in the lab of {@code plan}. */
    public static Path configuration(LabPlan plan, LabPlan.Host host) {
        return plan.directory().resolve(host.name()).resolve("weft.yaml");
    }

    private String configurationText(LabPlan plan) {
        return """
            nodeName: %s
            uplink: %s
            runDirectory: %s
            stateDirectory: %s
            podCidr: %s
            clusterCidr: %s
            serviceCidr: %s
            workers: %d
            source:
              manifests: %s
            cni:
              binDirectory: %s
              confDirectory: %s
            """
            .formatted(
                host.name(), LabPlan.UPLINK, runDirectory(), stateDirectory(), host.podCidr(),
                LabPlan.CLUSTER_CIDR, LabPlan.SERVICE_CIDR, plan.workers(), plan.manifests(), cniBinDirectory(),
                cniConfDirectory());
    }

    /** Starts {@code weft node} in the node's namespace; its output goes to {@link #log}. */
    public void start() throws Exception {
        List<String> options = new ArrayList<>(List.of("--config", configuration.toString()));
        settings.forEach((key, value) -> options.addAll(List.of("--set", key + "=" + value)));
        ProcessBuilder builder = ExternalCommand.file(distribution.weft(), "node").with(options).builder()
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
        process = thread.call(builder::start);
    }

    /** Runs one {@code weft} command against this node and returns what it printed. */
    public String weft(String... arguments) throws Exception {
        ExternalCommand command = ExternalCommand.file(distribution.weft(), arguments)
            .with("--config", configuration.toString());
        ExternalCommand.Output output = thread.call(command::run);
        if (output.exit() != 0) {
            throw new IOException("weft " + String.join(" ", arguments) + " on " + name() + " ended with "
                + output.exit() + ": " + output.text());
        }
        return output.text();
    }

    /** Creates a pod's namespace, calls the CNI plug-in's ADD and writes the Pod object. */
    public Pod addPod(String podName, HostPort... hostPorts) throws Exception {
        Path netns = Pod.netns(host, podName);
        NetworkNamespace.create(netns);
        InetAddress address = cni.add(thread, containerId(podName), objectName(podName), netns,
            List.of(hostPorts));
        Pod pod = new Pod(podName, host, netns, address, new NamespaceThread(netns));
        pods.put(podName, pod);
        manifests.pod(objectName(podName), host, address);
        return pod;
    }

    /** Removes a pod as a runtime does: DEL, then its namespace; then removes its object. */
    public void removePod(String podName) throws Exception {
        Pod pod = pods.remove(podName);
        manifests.removePod(objectName(podName));
        pod.thread().close();
        cni.delete(thread, containerId(podName), objectName(podName), pod.netns());
        NetworkNamespace.delete(pod.netns());
    }

    void removePods() throws Exception {
        for (String podName : List.copyOf(pods.keySet())) {
            removePod(podName);
        }
    }

    /** Kills the control plane with SIGKILL, once it runs, and waits until its successor's tables are in use. */
    public void killControlPlane() throws Exception {
        view.await("a control plane", () -> WeftProcesses.hasControlPlane(process.toHandle()));
        long before = view.tablesIncarnation();
        kill(controlPlane());
        view.await("tables of a new control plane", () -> view.tablesIncarnation() != before);
    }

    /** Kills the dataplane with SIGKILL and waits until its successor forwards for as many ports and peers as before. */
    public void killDataplane() throws Exception {
        NodeView.Extent before = view.extent();
        kill(dataplane());
        view.await("a new dataplane", () -> view.extent().isSuccessorOf(before));
    }

    /** Kills the supervisor and both its children with SIGKILL; {@link #startAgain} restarts them. */
    public void killAll() throws Exception {
        killed = view.extent();
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly().waitFor();
        for (ProcessHandle child : children) {
            kill(child);
        }
    }

    /** Restarts what {@link #killAll} ended, and waits until it serves as many ports and peers as before. */
    public void startAgain() throws Exception {
        NodeView.Extent before = killed;
        start();
        view.await("a new dataplane", () -> view.extent().isSuccessorOf(before));
    }

    private static void kill(ProcessHandle victim) throws Exception {
        victim.destroyForcibly();
        victim.onExit().get();
    }

    public ProcessHandle dataplane() throws IOException {
        return WeftProcesses.dataplane(process.toHandle());
    }

    public ProcessHandle controlPlane() throws IOException {
        return WeftProcesses.controlPlane(process.toHandle());
    }

    /** The node's end of the veth of pod {@code podName}. */
    public String hostInterfaceOf(String podName) {
        try (Rtnetlink inPod = Rtnetlink.openIn(Pod.netns(host, podName));
            Rtnetlink inNode = Rtnetlink.openIn(namespace)) {
            int peer = inPod.link(CniPlugin.INTERFACE).orElseThrow().peerIndex();
            return inNode.link(peer).orElseThrow().name();
        }
    }

    /** Pods of different nodes may have the same name in the lab, but not as objects of one namespace. */
    private String objectName(String podName) {
        return name() + "-" + podName;
    }

    private String containerId(String podName) {
        return host.namespace() + "-" + podName;
    }

    public String name() {
        return host.name();
    }

    public LabPlan.Host host() {
        return host;
    }

    public NamespaceThread thread() {
        return thread;
    }

    public Path namespace() {
        return namespace;
    }

    /** The node's own report. */
    public NodeView view() {
        return view;
    }

    public Path runDirectory() {
        return directory.resolve("run");
    }

    public Path stateDirectory() {
        return directory.resolve("state");
    }

    /** Where this node installs its CNI plug-in, with {@code cni.install}. */
    public Path cniBinDirectory() {
        return directory.resolve("cni/bin");
    }

    /** Where it installs its network configuration. */
    public Path cniConfDirectory() {
        return directory.resolve("cni/net.d");
    }

    public Path weftExecutable() {
        return distribution.weft();
    }

    public Path configuration() {
        return configuration;
    }

    public Path log() {
        return directory.resolve("log");
    }

    public CniPlugin cni() {
        return cni;
    }

    /** The {@code weft node} process; empty before {@link #start}. */
    public Optional<Process> process() {
        return Optional.ofNullable(process);
    }

    @Override
    public void close() {
        pods.values().forEach(pod -> pod.thread().close());
        thread.close();
    }
}
