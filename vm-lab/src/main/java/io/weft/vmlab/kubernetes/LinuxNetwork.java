package io.weft.vmlab.kubernetes;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.linux.AtomicFiles;
import io.weft.vmlab.lab.FlannelTunnel;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.TunnelAnnotations;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A node as most clusters have it: flannel's VXLAN device, routes, masquerading and annotations, and kube-proxy in nftables mode. */
final class LinuxNetwork implements NodeNetwork {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long VTEP_MACS = 0x02_00_C0_00_03_00L;
    private final ClusterNode node;
    private final Kubectl kubectl;
    private final Path proxyKubeconfig;
    private FlannelTunnel tunnel;
    private Daemon proxy;

    LinuxNetwork(ClusterNode node, Kubectl kubectl, Path proxyKubeconfig) {
        this.node = node;
        this.kubectl = kubectl;
        this.proxyKubeconfig = proxyKubeconfig;
    }

    @Override
    public void start(String podCidr) throws Exception {
        InetAddress base = LabPlan.ip(podCidr.substring(0, podCidr.indexOf('/')));
        long vtepMac = VTEP_MACS + node.host().number();
        tunnel = FlannelTunnel.create(node.namespace(), node.host().address(), base, vtepMac);
        masquerade(podCidr);
        startAgain();
        annotate(vtepMac);
        installConfiguration(podCidr);
    }

    /** As flannel does: what pods send out of the cluster has the node's address. */
    private void masquerade(String podCidr) throws Exception {
        node.loadRules("masquerade", """
            table ip lab {
              chain postrouting {
                type nat hook postrouting priority srcnat;
                ip saddr %s ip daddr != { %s, 224.0.0.0/4 } masquerade
              }
            }
            """.formatted(podCidr, LabPlan.CLUSTER_CIDR));
    }

    @Override
    public void startAgain() throws Exception {
        node.setForwarding(true);
        Path configuration = Files.writeString(node.files().shared("kube-proxy").resolve("config.yaml"), """
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            mode: nftables
            hostnameOverride: %s
            detectLocalMode: NodeCIDR
            clientConnection:
              kubeconfig: %s
            conntrack:
              maxPerCore: 0
              min: 0
            """.formatted(node.name(), proxyKubeconfig));
        proxy = node.start("kube-proxy", List.of("--config=" + configuration));
    }

    private void annotate(long vtepMac) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("annotate", "--overwrite", "node", node.name()));
        TunnelAnnotations.flannel(node.host(), vtepMac).forEach((key, value) -> arguments.add(key + "=" + value));
        kubectl.run(arguments.toArray(String[]::new));
    }

    private void installConfiguration(String podCidr) throws IOException {
        Path configuration = node.runtime().cniConfiguration().resolve("10-lab.conflist");
        AtomicFiles.write(configuration, JSON.writeValueAsBytes(Map.of(
            "cniVersion", "1.0.0",
            "name", "lab",
            "plugins", List.of(Map.of(
                "type", "ptp",
                "mtu", LabPlan.POD_MTU,
                "ipam", Map.of("type", "host-local", "ranges", List.of(List.of(Map.of("subnet", podCidr))),
                    "routes", List.of(Map.of("dst", "0.0.0.0/0"))))))));
    }

    @Override
    public void addPeer(Peer peer) {
        tunnel.addPeer(peer.podCidrBase(), peer.vtepMac(), peer.address());
    }

    @Override
    public void nodeReady() {
        // nothing is left to do
    }

    @Override
    public void stop() throws Exception {
        proxy.stop();
        node.setForwarding(false);
    }

    @Override
    public List<Daemon> daemons() {
        return proxy == null ? List.of() : List.of(proxy);
    }
}
