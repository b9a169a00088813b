package io.weft.dataplane.config;

import static io.weft.dataplane.config.ConfigurationKey.*;

import io.weft.dataplane.table.Overlay;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.encap.tunnel.VxlanHeader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Configuration of one node, read by both processes and the command line: a YAML file, overridden by {@code WEFT_*} variables, overridden
 * by flags. Immutable.
 *
 * <p>Errors: {@link ConfigurationException}, one line: {@code FILE:LINE: key: what is wrong} (or the name of the variable or flag instead
 * of file and line).
 *
 * @param uplink device name, or empty when not configured; see {@link #requireUplink}
 * @param manifests directory of manifests, the source of cluster objects; at most one of it and {@code kubeconfig} is set
 * @param kubeconfig of the Kubernetes API as the source; neither: the pod's service account
 * @param servers URLs of API servers, each with host and without path; empty: the address from the kubeconfig or the pod's environment
 * @param podCidr empty: taken from this node's Node object
 * @param podMtu 0: the largest that works
 * @param offNodeMtu 0: uplink MTU minus the tunnel's overhead
 * @param workerCpus empty, or one CPU per worker
 * @param snatPorts without those of {@code nodePortRange}
 * @param flowCapacity entries of the flow table, a power of two
 */
public record NodeConfiguration(
    String nodeName,
    String uplink,
    Path runDirectory,
    Path stateDirectory,
    Optional<Path> manifests,
    Optional<Path> kubeconfig,
    List<URI> servers,
    Optional<IpPrefix> podCidr,
    IpPrefix clusterCidr,
    IpPrefix serviceCidr,
    PortRange nodePortRange,
    int podMtu,
    int offNodeMtu,
    int workers,
    List<Integer> workerCpus,
    boolean busyPoll,
    XdpMode xdpMode,
    Overlay overlay,
    boolean masquerade,
    PortRanges snatPorts,
    int flowCapacity,
    FlowRecordConfiguration flowRecords,
    ServiceConfiguration services,
    CniConfiguration cni,
    ApiConfiguration api) {

    private static final Path DEFAULT_FILE = Path.of("/etc/weft/weft.yaml");
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");
    public static final int MAX_WORKERS = 64;
    private static final int MAX_PORT = 65_535;
    private static final int MIN_MTU = 576;
    private static final int MAX_MTU = 65_535;
    private static final int MAX_CPU = 1023;
    private static final int MIN_FLOWS = 1 << 10;
    private static final int MAX_FLOWS = 1 << 26;

    /** Best XDP mode that may be tried. */
    public enum XdpMode {
        AUTO, ZERO_COPY, NATIVE, GENERIC;

        public boolean mayBeZeroCopy() {
            return this == AUTO || this == ZERO_COPY;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** How pods of other nodes are reached. */
    public enum OverlayMode {
        VXLAN(Encapsulation.VXLAN),
        /** Routed by the underlay. */
        NONE(null),
        /** Routed on the same subnet. */
        AUTO(null);

        private final Encapsulation encapsulation;

        OverlayMode(Encapsulation encapsulation) {
            this.encapsulation = encapsulation;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The file that is read if none is named and it exists: {@code /etc/weft/weft.yaml}. */
    public static Optional<Path> defaultFile() {
        return Optional.of(DEFAULT_FILE).filter(Files::exists);
    }

    /** Reads the file (if given), then the process environment, then flags {@code key → value}. */
    public static NodeConfiguration load(Optional<Path> file, Map<String, String> flags) {
        return load(file, System.getenv(), flags);
    }

    public static NodeConfiguration load(Optional<Path> file, Map<String, String> variables,
        Map<String, String> flags) {
        return of(settings(file, variables, flags));
    }

    private static Settings settings(Optional<Path> file, Map<String, String> variables, Map<String, String> flags) {
        Settings settings = new Settings();
        file.ifPresent(path -> ConfigurationFile.read(path, settings));
        settings.putVariables(variables);
        settings.putFlags(flags);
        return settings;
    }

    /**
     * A key with the value that is used, as text.
     *
     * @param origin file and line, variable or flag; {@code default}
     */
    public record Effective(ConfigurationKey key, String value, String origin) {
    }

    /** Every key with what {@link #load(Optional, Map)} takes for it. */
    public static List<Effective> effective(Optional<Path> file, Map<String, String> flags) {
        Settings settings = settings(file, System.getenv(), flags);
        of(settings);
        return Arrays.stream(ConfigurationKey.values())
            .map(key -> new Effective(key, settings.text(key), settings.origin(key))).toList();
    }

    /** Configuration from the given keys and the defaults, for tests. */
    public static NodeConfiguration of(Map<String, String> values) {
        return load(Optional.empty(), Map.of(), values);
    }

    private static NodeConfiguration of(Settings settings) {
        Path runDirectory = settings.path(RUN_DIRECTORY);
        NodeConfiguration configuration = new NodeConfiguration(
            asNodeName(settings.optionalText(NODE_NAME).orElseGet(NodeConfiguration::hostName)),
            uplink(settings),
            runDirectory,
            settings.path(STATE_DIRECTORY),
            settings.optionalPath(SOURCE_MANIFESTS),
            settings.optionalPath(SOURCE_KUBECONFIG),
            settings.servers(SOURCE_SERVERS),
            settings.optionalPrefix(POD_CIDR),
            settings.prefix(CLUSTER_CIDR),
            settings.prefix(SERVICE_CIDR),
            settings.portRange(NODE_PORT_RANGE),
            mtu(settings, POD_MTU),
            mtu(settings, OFF_NODE_MTU),
            settings.integer(WORKERS, 1, MAX_WORKERS),
            settings.integers(WORKER_CPUS, 0, MAX_CPU),
            settings.flag(BUSY_POLL),
            settings.choice(XDP_MODE, XdpMode.class),
            overlay(settings),
            settings.flag(MASQUERADE),
            snatPorts(settings),
            settings.integer(FLOWS_CAPACITY, MIN_FLOWS, MAX_FLOWS),
            FlowRecordConfiguration.of(settings),
            ServiceConfiguration.of(settings),
            CniConfiguration.of(settings, runDirectory),
            ApiConfiguration.of(settings, runDirectory, settings.path(STATE_DIRECTORY)));
        configuration.check(settings);
        return configuration;
    }

    /** Checks rules that involve several keys. */
    private void check(Settings settings) {
        if (manifests.isPresent() && kubeconfig.isPresent()) {
            throw settings.wrong(SOURCE_KUBECONFIG, "source.manifests is set too; there is one source");
        }
        if (manifests.isPresent() && !servers.isEmpty()) {
            throw settings.wrong(SOURCE_SERVERS, "source.manifests is set too; there is one source");
        }
        if (clusterCidr.overlaps(serviceCidr)) {
            throw settings.wrong(SERVICE_CIDR, serviceCidr + " overlaps clusterCidr " + clusterCidr);
        }
        if (podCidr.isPresent() && !clusterCidr.contains(podCidr.get())) {
            throw settings.wrong(POD_CIDR, podCidr.get() + " is not inside clusterCidr " + clusterCidr);
        }
        if (snatPorts.overlaps(nodePortRange)) {
            throw settings.wrong(SNAT_PORTS, snatPorts + " overlaps nodePortRange " + nodePortRange);
        }
        if (!workerCpus.isEmpty() && workerCpus.size() != workers) {
            throw settings.wrong(WORKER_CPUS, "names " + workerCpus.size() + " CPUs for " + workers + " workers");
        }
        if (Integer.bitCount(flowCapacity) != 1) {
            throw settings.wrong(FLOWS_CAPACITY, "must be a power of two, not " + flowCapacity);
        }
    }

    /** @throws ConfigurationException unless the device that leads to the other nodes is configured */
    public String requireUplink() {
        if (uplink.isEmpty()) {
            throw new ConfigurationException("uplink: not set; name the device that leads to the other nodes"
                + " (in the file, by WEFT_UPLINK or --set uplink=DEVICE)");
        }
        return uplink;
    }

    private static Overlay overlay(Settings settings) {
        OverlayMode mode = settings.choice(OVERLAY_MODE, OverlayMode.class);
        if (mode.encapsulation == null) {
            throw settings.wrong(OVERLAY_MODE, mode + " is not supported yet; only vxlan is");
        }
        return new Overlay(mode.encapsulation, settings.integer(OVERLAY_VNI, 0, VxlanHeader.MAX_VNI),
            settings.integer(OVERLAY_PORT, 1, MAX_PORT));
    }

    private static String uplink(Settings settings) {
        String name = settings.text(UPLINK);
        if (!name.matches("[^/\\s]{0,15}")) {
            throw settings.wrong(UPLINK, "must be a device name of at most 15 characters, not \"" + name + "\"");
        }
        return name;
    }

    /** Ports chosen explicitly must not overlap the NodePorts; the default leaves them out. */
    private static PortRanges snatPorts(Settings settings) {
        PortRanges ports = settings.portRanges(SNAT_PORTS);
        PortRange nodePorts = settings.portRange(NODE_PORT_RANGE);
        if (settings.isSet(SNAT_PORTS) || !ports.overlaps(nodePorts)) { return ports; }
        BitSet rest = ports.toBitSet();
        rest.clear(nodePorts.first(), nodePorts.last() + 1);
        if (rest.isEmpty()) {
            throw settings.wrong(NODE_PORT_RANGE, nodePorts + " leaves no port for masqueraded flows: set snat.ports");
        }
        return PortRanges.of(rest);
    }

    private static int mtu(Settings settings, ConfigurationKey key) {
        return settings.text(key).equals("0") ? 0 : settings.integer(key, MIN_MTU, MAX_MTU);
    }

    /** The kernel's host name, without a resolver, as the kubelet does (pkg/util/node, GetHostname). */
    private static String hostName() {
        try {
            return Files.readString(HOST_NAME);
        } catch (IOException e) {
            throw new ConfigurationException("nodeName: not set, and this host's name cannot be read: " + HOST_NAME);
        }
    }

    /** Trimmed and in lower case, as the kubelet names its Node object. */
    private static String asNodeName(String name) {
        String nodeName = name.strip().toLowerCase(Locale.ROOT);
        if (nodeName.isEmpty()) { throw new ConfigurationException("nodeName: not set, and this host has no name"); }
        return nodeName;
    }
}
