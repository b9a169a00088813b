package io.weft.controlplane.cli;

import io.weft.controlplane.process.ClusterSources;
import io.weft.controlplane.view.NodeFiles;
import io.weft.controlplane.view.NodeStatus;
import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.config.KernelPorts;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.config.PortRanges;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import io.weft.nativebindings.linux.KernelVersion;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.Rlimits;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.linux.ThreadAffinity;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** Examines this machine and the node's processes. Works without either. */
final class Doctor {
    private static final int MIN_JAVA = 25;
    private static final KernelVersion MIN_KERNEL = new KernelVersion(6, 1);
    private static final KernelVersion METADATA_KERNEL = new KernelVersion(6, 8);
    private static final long ENOUGH_MEMLOCK = 256L << 20;
    private static final String HOST_DEVICE = "weft-host";
    private static final Capability[] NEEDED = {Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW, Capability.CAP_BPF,
        Capability.CAP_SYS_ADMIN};

    private final NodeConfiguration configuration;
    private final List<Finding> findings = new ArrayList<>();

    Doctor(NodeConfiguration configuration) {
        this.configuration = configuration;
    }

    List<Finding> examine() {
        kernel();
        java();
        capabilities();
        memlock();
        hugePages();
        directory("run directory", configuration.runDirectory());
        directory("state directory", configuration.stateDirectory());
        forwarding();
        reversePath();
        portRanges();
        source();
        uplink();
        placement();
        findings.addAll(ProcessFindings.of(NodeStatus.read(configuration.runDirectory())));
        return List.copyOf(findings);
    }

    private void kernel() {
        KernelVersion version = KernelVersion.current();
        if (version.compareTo(MIN_KERNEL) < 0) {
            add(Finding.fail("kernel", version.toString(), "Weft needs Linux " + MIN_KERNEL + " or newer"));
        } else if (version.compareTo(METADATA_KERNEL) < 0) {
            add(Finding.warn("kernel", version.toString(),
                "checksums are completed in software before Linux " + METADATA_KERNEL));
        } else {
            add(Finding.ok("kernel", version.toString()));
        }
    }

    private void java() {
        int version = Runtime.version().feature();
        add(version >= MIN_JAVA
            ? Finding.ok("java", Runtime.version().toString())
            : Finding.fail("java", Runtime.version().toString(), "Weft needs Java " + MIN_JAVA + " or newer"));
    }

    private void capabilities() {
        List<Capability> missing = Capabilities.missing(NEEDED);
        add(missing.isEmpty()
            ? Finding.ok("capabilities", "all that are needed")
            : Finding.fail("capabilities", "missing " + missing, "run as root, or grant them to the service"));
    }

    private void memlock() {
        long soft = Rlimits.get(Rlimits.RLIMIT_MEMLOCK).soft();
        boolean enough = soft == Rlimits.RLIM_INFINITY || soft >= ENOUGH_MEMLOCK
            || Capabilities.has(Capability.CAP_IPC_LOCK);
        String found = Capabilities.has(Capability.CAP_IPC_LOCK) ? "no limit (CAP_IPC_LOCK)" : Rlimits.memlockText();
        add(enough
            ? Finding.ok("locked memory", found)
            : Finding.fail("locked memory", found, "ulimit -l unlimited, or grant CAP_IPC_LOCK"));
    }

    private void hugePages() {
        long free = meminfo("HugePages_Free");
        add(free > 0
            ? Finding.ok("huge pages", free + " free")
            : Finding.warn("huge pages", "none reserved",
                "Weft is a few per cent slower: sysctl -w vm.nr_hugepages=64"));
    }

    private static long meminfo(String name) {
        try {
            return Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.startsWith(name + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst().orElse(0);
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    private void directory(String subject, Path directory) {
        Path existing = directory.toAbsolutePath();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing == null || !Files.isDirectory(existing) || !Files.isWritable(existing)) {
            add(Finding.fail(subject, directory + " cannot be written", "create it, or set another directory"));
        } else {
            add(Finding.ok(subject, directory.toString()));
        }
    }

    private void forwarding() {
        add("1".equals(sysctl("net/ipv4/ip_forward"))
            ? Finding.ok("ip_forward", "on")
            : Finding.warn("ip_forward", "off",
                "the kernel does not forward what Weft leaves to it: sysctl -w net.ipv4.ip_forward=1"));
    }

    /** The stricter of the settings for "all" and for the device applies (Documentation/networking/ip-sysctl.rst). */
    private void reversePath() {
        for (String device : List.of("all", HOST_DEVICE)) {
            if ("1".equals(sysctl("net/ipv4/conf/" + device + "/rp_filter"))) {
                add(Finding.warn("rp_filter", "strict on " + device,
                    "other nodes' own addresses are dropped on " + HOST_DEVICE + ": sysctl -w net.ipv4.conf." + device
                        + ".rp_filter=2"));
                return;
            }
        }
        add(Finding.ok("rp_filter", "not strict"));
    }

    private void portRanges() {
        String localRange = sysctl(KernelPorts.LOCAL_RANGE);
        if (localRange.isBlank()) { return; }
        PortRanges snat = configuration.snatPorts();
        BitSet usable = snat.toBitSet();
        usable.andNot(KernelPorts.of(localRange, sysctl(KernelPorts.RESERVED)));
        int lost = snat.size() - usable.cardinality();
        String kernels = "the kernel's " + KernelPorts.localRange(localRange);
        add(lost == 0
            ? Finding.ok("snat ports", snat + " (" + snat.size() + "), next to " + kernels)
            : Finding.warn("snat ports",
                lost + " of " + snat + " are " + kernels + " or reserved, and are not used; " + usable.cardinality()
                    + " are left",
                "set snat.ports, or change net.ipv4.ip_local_port_range or ip_local_reserved_ports"));
    }

    private void source() {
        try {
            ClusterSources.serverInsideServiceCidr(configuration).ifPresent(server -> add(Finding.warn("source",
                server + " is an address that Weft itself serves; a node with empty tables does not reach it",
                "set source.servers to the API servers' own addresses, unless kube-proxy or the like serves it too")));
        } catch (ConfigurationException e) {
            add(Finding.fail("source", e.getMessage(), ""));
        }
    }

    private void uplink() {
        if (configuration.uplink().isEmpty()) {
            add(Finding.fail("uplink", "not configured",
                "set uplink to the device that leads to the other nodes; `ip link` lists the devices"));
            return;
        }
        try (Rtnetlink rtnetlink = Rtnetlink.open()) {
            Optional<Link> link = rtnetlink.link(configuration.uplink());
            if (link.isEmpty()) {
                add(Finding.fail("uplink", configuration.uplink() + " does not exist",
                    "`ip link` lists the devices"));
                return;
            }
            device(link.get());
            boolean hasAddress = rtnetlink.addresses(link.get().index()).stream()
                .anyMatch(address -> address.scope() == Route.RT_SCOPE_UNIVERSE);
            if (!hasAddress) {
                add(Finding.fail("uplink", link.get().name() + " has no IPv4 address",
                    "ip address add … dev " + link.get().name()));
            }
        } catch (LinuxException e) {
            add(Finding.fail("uplink", e.getMessage(), ""));
        }
    }

    private void device(Link link) {
        String kind = link.kind().isEmpty() ? driver(link.name()) : link.kind();
        String found = link.name() + " (" + kind + "), MTU " + link.mtu();
        add(link.isUp() && link.hasCarrier()
            ? Finding.ok("uplink", found)
            : Finding.fail("uplink", found + " is " + (link.isUp() ? "without carrier" : "down"),
                "ip link set " + link.name() + " up"));
        queues(link);
        if (link.xdpProgramId() != 0 && !NodeStatus.read(configuration.runDirectory()).dataplane().running()) {
            add(Finding.fail("xdp", "program " + link.xdpProgramId() + ", not Weft's, is attached to " + link.name(),
                "ip link set " + link.name() + " xdp off"));
        }
    }

    private void queues(Link link) {
        int queues = Math.min(link.rxQueues(), link.txQueues());
        try (Ethtool ethtool = Ethtool.open()) {
            queues = ethtool.channels(link.name()).map(channels -> channels.maximumQueues()).orElse(queues);
        } catch (LinuxException e) {
            add(Finding.warn("ethtool", e.getMessage(), ""));
        }
        add(queues >= configuration.workers()
            ? Finding.ok("queues", queues + " for " + configuration.workers() + " worker(s)")
            : Finding.warn("queues", queues + " for " + configuration.workers() + " workers",
                "set workers to " + queues));
    }

    private void placement() {
        NodeStatus.Dataplane dataplane = NodeStatus.read(configuration.runDirectory()).dataplane();
        findings.addAll(new PlacementFindings(Path.of("/proc"), Path.of("/sys"), ThreadAffinity.current())
            .of(configuration.workers(), configuration.workerCpus(), dataplane.running() ? dataplane.pid() : -1,
                configuration.uplink(), portDevices()));
    }

    private List<String> portDevices() {
        try (NodeFiles files = new NodeFiles(configuration.runDirectory())) {
            return files.counters().stream().flatMap(counters -> counters.ports().stream())
                .filter(port -> port.state() == PortState.UP && !port.name().equals(configuration.uplink()))
                .map(PortStatus::name).toList();
        }
    }

    private static String driver(String device) {
        try {
            return Path.of("/sys/class/net", device, "device", "driver").toRealPath().getFileName().toString();
        } catch (IOException e) {
            return "driver unknown";
        }
    }

    private static String sysctl(String name) {
        return Sysctl.exists(name) ? Sysctl.read(name) : "";
    }

    private void add(Finding finding) {
        findings.add(finding);
    }
}
