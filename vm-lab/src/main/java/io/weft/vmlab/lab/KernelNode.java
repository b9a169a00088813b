package io.weft.vmlab.lab;

import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import io.weft.vmlab.net.NamespaceThread;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Map;

/**
 * A node without Weft: Linux alone, its VXLAN device set up as flannel does, and one pod behind it.
 */
public final class KernelNode implements AutoCloseable {
    private static final String POD_PORT = "pod";
    private static final String POD_INTERFACE = "eth0";
    private static final long VTEP_MACS = 0x02_00_C0_00_02_00L;
    private static final int SCOPE_UNIVERSE = 0;
    private final LabPlan.Host host;
    private final Path namespace;
    private final NamespaceThread thread;
    private final FlannelTunnel tunnel;
    private final Pod pod;

    KernelNode(LabPlan.Host host, Path namespace) throws Exception {
        this.host = host;
        this.namespace = namespace;
        thread = new NamespaceThread(namespace);
        thread.call(() -> {
            Sysctl.write("net/ipv4/ip_forward", "1");
            return null;
        });
        tunnel = FlannelTunnel.create(namespace, host.address(), host.podCidrBase(), vtepMac());
        pod = createPod();
    }

    private Pod createPod() {
        Path podNamespace = Pod.netns(host, "client");
        NetworkNamespace.create(podNamespace);
        InetAddress address = LabPlan.ip("10.244." + host.number() + ".10");
        int gateway = LabPlan.number(host.podGateway());
        try (Rtnetlink kernel = Rtnetlink.openIn(namespace);
            Rtnetlink inPod = Rtnetlink.openIn(podNamespace);
            NetworkNamespace target = NetworkNamespace.open(podNamespace)) {
            Link port = kernel.createVeth(
                VethSpec.of(POD_PORT, POD_INTERFACE).withMtu(LabPlan.POD_MTU).withPeerNamespace(target.fd()));
            kernel.addAddress(port.index(), gateway, 24, SCOPE_UNIVERSE);
            kernel.setUp(port.index());
            inPod.setUp(inPod.link("lo").orElseThrow().index());
            int inside = inPod.link(POD_INTERFACE).orElseThrow().index();
            inPod.addAddress(inside, LabPlan.number(address), 24, SCOPE_UNIVERSE);
            inPod.setUp(inside);
            inPod.replaceRoute(Route.to(0, 0).via(gateway, inside));
        }
        return new Pod("client", host, podNamespace, address, new NamespaceThread(podNamespace));
    }

    /** Address of its tunnel device. */
    public long vtepMac() {
        return VTEP_MACS + host.number();
    }

    /** Adds another node, as flannel does when it sees that Node's annotations. */
    public void addPeer(LabPlan.Host peer, long vtepMac) {
        tunnel.addPeer(peer.podCidrBase(), vtepMac, peer.address());
    }

    Map<String, String> annotations() {
        return TunnelAnnotations.flannel(host, vtepMac());
    }

    public LabPlan.Host host() {
        return host;
    }

    public NamespaceThread thread() {
        return thread;
    }

    public Pod pod() {
        return pod;
    }

    @Override
    public void close() {
        pod.thread().close();
        thread.close();
    }
}
