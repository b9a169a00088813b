package io.weft.perf.compare;

import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.process.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Open vSwitch's userspace datapath on AF_XDP ports with one rule: everything from the near device into a VXLAN tunnel over the far one. It
 * does not translate addresses.
 */
final class OvsSystem implements SystemUnderTest {
    private static final String VSWITCHD = "/usr/lib/openvswitch-switch/ovs-vswitchd";
    private static final String SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
    private static final int PORT = 8080;
    private static final int TUNNEL_MTU = 1450;
    private static final long LIMIT_NANOS = 20_000_000_000L;

    @Override
    public String name() {
        return "ovs";
    }

    @Override
    public Optional<String> missing() {
        return Programs.missing("ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovsdb-tool", "ovsdb-server", VSWITCHD, SCHEMA,
            "taskset", "ip");
    }

    @Override
    public List<Workload> workloads() {
        return List.of(Workload.VXLAN);
    }

    @Override
    public Scene setUp(Workload workload, String id, Cores cores) throws Exception {
        VethLab lab = VethLab.create(id);
        Instance ovs = new Instance(lab, cores);
        try {
            Process switchd = ovs.start();
            return new ProcessScene(workload, lab, switchd, lab.ingress(VethLab.SINK, PORT), lab.egress(PORT, true))
                .with(ovs);
        } catch (Exception e) {
            ovs.close();
            lab.close();
            throw e;
        }
    }

    /** The two daemons with files of their own. */
    private static final class Instance implements AutoCloseable {
        private final VethLab lab;
        private final Cores cores;
        private final Path directory;
        private final Map<String, String> environment;
        private final List<Process> daemons = new ArrayList<>();

        Instance(VethLab lab, Cores cores) throws IOException {
            this.lab = lab;
            this.cores = cores;
            directory = Files.createTempDirectory("weft-ovs");
            String text = directory.toString();
            environment = Map.of(
                "OVS_RUNDIR", text, "OVS_LOGDIR", text, "OVS_DBDIR", text, "OVS_SYSCONFDIR", text);
        }

        Process start() throws Exception {
            run(ExternalCommand.of("ovsdb-tool", "create", file("conf.db"), SCHEMA));
            daemon(ExternalCommand.of("ovsdb-server", file("conf.db"), "--remote=punix:" + file("db.sock")));
            await(directory.resolve("db.sock"));
            vsctl("--no-wait", "init");
            vsctl("--no-wait", "set", "Open_vSwitch", ".",
                "other_config:pmd-cpu-mask=" + Long.toHexString(1L << cores.system()));
            Process switchd = daemon(ExternalCommand.of(VSWITCHD, "unix:" + file("db.sock"),
                "--pidfile=" + file("vswitchd.pid"), "--unixctl=" + file("vswitchd.ctl"))
                .under("taskset", "-c", Integer.toString(cores.system())).inNamespace(lab.node()));
            await(directory.resolve("vswitchd.ctl"));
            bridges();
            return switchd;
        }

        private void bridges() throws Exception {
            vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev", "--", "set", "interface",
                "br0",
                "mtu_request=" + TUNNEL_MTU);
            port("br0", lab.near(), 1);
            vsctl("add-br", "underlay", "--", "set", "bridge", "underlay", "datapath_type=netdev");
            port("underlay", lab.far(), 1);
            ip("address", "flush", "dev", lab.far());
            ip("link", "set", "underlay", "up", "address", MacAddress.format(VethLab.FAR_MAC));
            ip("address", "add", Ipv4Address.format(VethLab.FAR) + "/24", "dev", "underlay");
            String sink = Ipv4Address.format(VethLab.SINK);
            vsctl("add-port", "br0", "vx0", "--", "set", "interface", "vx0", "type=vxlan", "options:remote_ip=" + sink,
                "options:key=1", "options:dst_port=" + EgressPort.TUNNEL_PORT, "ofport_request=2");
            run(ExternalCommand.of("ovs-appctl", "-t", file("vswitchd.ctl"), "tnl/neigh/set", "underlay", sink,
                MacAddress.format(VethLab.SINK_MAC)));
            ip("link", "set", "br0", "up");
            run(ExternalCommand.of("ovs-ofctl", "del-flows", "br0"));
            run(ExternalCommand.of("ovs-ofctl", "add-flow", "br0", "in_port=1,actions=output:2"));
        }

        private void port(String bridge, String device, int number) throws Exception {
            vsctl("add-port", bridge, device, "--", "set", "interface", device, "type=afxdp", "options:n_rxq=1",
                "options:xdp-mode=best-effort", "ofport_request=" + number);
        }

        private void vsctl(String... words) throws Exception {
            run(ExternalCommand.of("ovs-vsctl", "--timeout=15", "--db=unix:" + file("db.sock")).with(words));
        }

        private void ip(String... words) throws Exception {
            Shell.run(ExternalCommand.of("ip", words).inNamespace(lab.node()));
        }

        private void run(ExternalCommand command) throws Exception {
            Shell.run("", environment, command);
        }

        private Process daemon(ExternalCommand command) throws IOException {
            ProcessBuilder builder = command.builder().redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            daemons.add(process);
            return process;
        }

        private void await(Path file) throws Exception {
            long start = System.nanoTime();
            while (!Files.exists(file)) {
                if (System.nanoTime() - start > LIMIT_NANOS || !daemons.getLast().isAlive()) {
                    throw new IOException("Open vSwitch does not start: " + Files.readString(directory.resolve("log")));
                }
                Thread.sleep(20);
            }
        }

        private String file(String name) {
            return directory.resolve(name).toString();
        }

        @Override
        public void close() throws Exception {
            for (Process daemon : daemons.reversed()) {
                ProcessScene.end(daemon);
            }
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
