package io.weft.perf.compare;

import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VxlanSpec;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.process.Programs;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Linux itself: IPv4 forwarding, a VXLAN device set up as flannel's back end does, a Service in nftables in the form that kube-proxy uses
 * (a verdict map by address, protocol and port; a chain per Service that picks an endpoint at random; a chain per endpoint). The NAPI of
 * the node's near device runs in a thread on the core of the system under test and does everything: receive, forward, transmit, sink.
 */
final class KernelSystem implements SystemUnderTest {
    /** The reason if this process is in a PID namespace. */
    static final String NO_KERNEL_THREADS = "the kernel's threads cannot be pinned from a PID namespace: run it in the host's (hostPID)";
    private static final int SERVICE = Ipv4Address.of("10.96.0.77");
    private static final int SERVICE_PORT = 4000;
    private static final int ENDPOINT_PORT = 8080;
    private static final int REMOTE_PODS = Ipv4Address.of("10.244.21.0");
    private static final List<String> REMOTE_ENDPOINTS = List.of("10.244.21.20", "10.244.21.21");
    private static final List<String> NEAR_ENDPOINTS = List.of("10.2.0.20", "10.2.0.21");
    private static final long REMOTE_VTEP_MAC = 0x02_00_C0_00_02_15L;
    private static final String VXLAN = "flannel.1";
    private static final int VNI = 1;
    private static final int POD_MTU = 1450;
    private static final int MASQUERADE_MARK = 0x4000;

    @Override
    public String name() {
        return "linux";
    }

    @Override
    public Optional<String> missing() {
        if (!CpuTime.seesKernelThreads()) { return Optional.of(NO_KERNEL_THREADS); }
        return Programs.missing("ip", "taskset", "renice", "nft", "tee");
    }

    @Override
    public List<Workload> workloads() {
        return List.of(Workload.values());
    }

    @Override
    public Scene setUp(Workload workload, String id, Cores cores) throws Exception {
        VethLab lab = VethLab.create(id);
        try {
            NetworkNamespace.run(lab.node(), () -> Sysctl.write("net/ipv4/ip_forward", "1"));
            List<String> endpoints = workload.tunnels() ? REMOTE_ENDPOINTS : NEAR_ENDPOINTS;
            if (workload.tunnels()) {
                addTunnel(lab);
            } else {
                endpoints.forEach(endpoint -> lab.alsoAtSink(Ipv4Address.of(endpoint)));
            }
            if (workload.translates()) {
                Shell.run(ruleset(endpoints), ExternalCommand.of("nft", "-f", "-").inNamespace(lab.node()));
            }
            try (Ethtool settings = Ethtool.openIn(lab.node())) {
                settings.setFeature(lab.near(), "gro", true);
            }
            List<Long> napi = NapiThread.pin(lab.node(), lab.near(), cores.system());
            IngressPort ingress = workload.translates()
                ? lab.ingress(SERVICE, SERVICE_PORT)
                : lab.ingress(Ipv4Address.of(endpoints.getFirst()), ENDPOINT_PORT);
            return new KernelScene(workload, lab, napi, ingress, lab.egress(ENDPOINT_PORT, workload.tunnels()));
        } catch (Exception e) {
            lab.close();
            throw e;
        }
    }

    private static void addTunnel(VethLab lab) {
        try (Rtnetlink links = Rtnetlink.openIn(lab.node())) {
            Link tunnel = links
                .createVxlan(VxlanSpec.of(VXLAN, VNI).withLocal(VethLab.FAR).withPort(EgressPort.TUNNEL_PORT)
                    .withUnderlay(links.link(lab.far()).orElseThrow().index()).withLearning(false).withMtu(POD_MTU));
            links.setUp(tunnel.index());
            links.replaceNeighbour(tunnel.index(), REMOTE_PODS, REMOTE_VTEP_MAC);
            links.replaceFdb(tunnel.index(), REMOTE_VTEP_MAC, VethLab.SINK);
            links.replaceRoute(Route.to(REMOTE_PODS, 24).via(REMOTE_PODS, tunnel.index()).onLink());
        }
    }

    static String ruleset(List<String> endpoints) {
        StringBuilder picks = new StringBuilder();
        StringBuilder chains = new StringBuilder();
        for (int i = 0; i < endpoints.size(); i++) {
            picks.append(i == 0 ? "" : ", ").append(i).append(" : goto endpoint-").append(i);
            chains.append("""
                  chain endpoint-%d {
                    ip saddr %s meta mark set mark or %d
                    meta l4proto udp dnat to %s:%d
                  }
                """.formatted(i, endpoints.get(i), MASQUERADE_MARK, endpoints.get(i), ENDPOINT_PORT));
        }
        return """
            table ip services {
            %s  chain service-cmp {
                numgen random mod %d vmap { %s }
              }
              map service-ports {
                type ipv4_addr . inet_proto . inet_service : verdict
                elements = { %s . udp . %d : goto service-cmp }
              }
              chain prerouting {
                type nat hook prerouting priority dstnat
                ip daddr . meta l4proto . th dport vmap @service-ports
              }
              chain postrouting {
                type nat hook postrouting priority srcnat
                meta mark & %d != 0 masquerade
              }
            }
            """.formatted(
            chains, endpoints.size(), picks, Ipv4Address.format(SERVICE), SERVICE_PORT, MASQUERADE_MARK);
    }

    private record KernelScene(Workload workload, VethLab lab, List<Long> napi, IngressPort ingress, EgressPort egress)
        implements
            Scene {
        @Override
        public Collection<Long> processes() {
            return List.of();
        }

        @Override
        public Collection<Long> kernelThreads() {
            return napi;
        }

        @Override
        public void close() {
            lab.close();
        }
    }
}
