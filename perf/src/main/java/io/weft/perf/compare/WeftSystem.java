package io.weft.perf.compare;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.MacAddress;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.process.Programs;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.Underlay;
import io.weft.vmlab.lab.WeftNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Weft as installed: one node of the lab run by {@code weft node}, pods attached through the CNI plug-in, objects from manifests. Frames
 * enter at a pod's end of its veth and leave at the other end of the uplink's veth, or in another pod. The endpoints of the Service and the
 * remote pod are behind a Linux node; the sink takes the frames before they reach it. One node serves all workloads.
 */
final class WeftSystem implements SystemUnderTest, AutoCloseable {
    private static final InetAddress SERVICE = address("10.96.0.77");
    private static final int SERVICE_PORT = 4000;
    private static final int ENDPOINT_PORT = 8080;
    private static final List<InetAddress> ENDPOINTS = List.of(address("10.244.21.20"), address("10.244.21.21"));
    private static final String POD_INTERFACE = "eth0";
    /** Room for the flows of all workloads, because those of one workload still exist while the others run. Two entries per flow. */
    private static final String FLOW_SLOTS = "1048576";

    private final String labName;
    private Lab lab;
    private Pod client;
    private Pod server;

    /** @param labName 1 to 8 letters and digits */
    WeftSystem(String labName) {
        this.labName = labName;
    }

    @Override
    public String name() {
        return "weft";
    }

    @Override
    public Optional<String> missing() {
        return Programs.missing("taskset", "renice");
    }

    @Override
    public List<Workload> workloads() {
        return List.of(Workload.FORWARD, Workload.VXLAN, Workload.DNAT_VXLAN);
    }

    @Override
    public Scene setUp(Workload workload, String id, Cores cores) throws Exception {
        if (lab == null) {
            bringUp(cores);
        }
        return new WeftScene(workload);
    }

    private void bringUp(Cores cores) throws Exception {
        lab = Lab.up(new LabPlan(labName, 1, true, 1, Map.of("flows.capacity", FLOW_SLOTS)));
        WeftNode node = node();
        client = node.addPod("client");
        server = node.addPod("server");
        List<Manifests.Port> ports = List.of(new Manifests.Port("udp", "UDP", SERVICE_PORT, ENDPOINT_PORT));
        List<Manifests.Endpoint> endpoints = ENDPOINTS.stream()
            .map(endpoint -> new Manifests.Endpoint(endpoint, "k1", true))
            .toList();
        lab.manifests().service("compare", SERVICE, ports);
        lab.manifests().endpoints("compare", ports, endpoints);
        lab.awaitEndpoints(new InetSocketAddress(SERVICE, SERVICE_PORT), endpoints);
        for (long process : processesOf(node)) {
            Shell.run(
                ExternalCommand.of("taskset", "-acp", Integer.toString(cores.system()), Long.toString(process)));
        }
    }

    private WeftNode node() {
        return lab.nodes().getFirst();
    }

    private static List<Long> processesOf(WeftNode node) {
        Process supervisor = node.process().orElseThrow();
        List<Long> all = new ArrayList<>(supervisor.descendants().map(ProcessHandle::pid).toList());
        all.add(supervisor.pid());
        return all;
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int number(InetAddress address) {
        return Ipv4Address.of(address.getHostAddress());
    }

    @Override
    public void close() throws IOException {
        if (lab != null) {
            lab.close();
        }
    }

    private final class WeftScene implements Scene {
        private final Workload workload;
        private final IngressPort ingress;
        private long framesBefore;
        private long batchesBefore;

        WeftScene(Workload workload) throws IOException {
            this.workload = workload;
            long gateway = MacAddress
                .of(Files.readString(node().runDirectory().resolveSibling("state/vtep-mac")).strip());
            InetAddress destination = switch (workload) {
                case FORWARD -> server.address();
                case VXLAN -> ENDPOINTS.getFirst();
                default -> SERVICE;
            };
            ingress = new IngressPort(client.netns(), POD_INTERFACE, gateway, macOf(client), number(client.address()),
                number(destination), workload.translates() ? SERVICE_PORT : ENDPOINT_PORT);
        }

        private static long macOf(Pod pod) {
            try (Rtnetlink links = Rtnetlink.openIn(pod.netns())) {
                return links.link(POD_INTERFACE).orElseThrow().mac();
            }
        }

        @Override
        public Workload workload() {
            return workload;
        }

        @Override
        public IngressPort ingress() {
            return ingress;
        }

        @Override
        public EgressPort egress() {
            return workload == Workload.FORWARD
                ? new EgressPort(server.netns(), POD_INTERFACE, ENDPOINT_PORT, false)
                : new EgressPort(
                    NetworkNamespace.named(lab.plan().underlayNamespace()), Underlay.portOf(node().host()),
                    ENDPOINT_PORT, true);
        }

        @Override
        public Collection<Long> processes() {
            return processesOf(node());
        }

        @Override
        public Collection<Long> forwarders() throws IOException {
            return List.of(node().dataplane().pid());
        }

        /** Since the last call. */
        @Override
        public OptionalDouble framesPerBatch() {
            try (CounterReader counters = CounterReader.open(node().runDirectory())) {
                long frames = counters.total(FrameTotal.RECEIVED);
                long batches = counters.total(FrameTotal.BATCHES);
                double mean = (frames - framesBefore) / (double) Math.max(1, batches - batchesBefore);
                framesBefore = frames;
                batchesBefore = batches;
                return OptionalDouble.of(mean);
            }
        }

        /** Closes the node once, together with the system. */
        @Override
        public void close() {}
    }
}
