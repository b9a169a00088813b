package io.weft.vmlab.lab;

import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VxlanSpec;
import java.net.InetAddress;
import java.nio.file.Path;

/**
 * Linux's VXLAN device set up as flannel does: VNI 1, UDP 8472, no learning, static neighbour and FDB entries, the kernel's default outer
 * checksum. Each node's pod CIDR has 24 bits.
 */
public final class FlannelTunnel {
    private static final String VXLAN = "flannel.1";
    private static final int VNI = 1;
    private static final int PORT = 8472;
    private static final int POD_CIDR_BITS = 24;
    private static final int HOST_BITS = 32;
    private static final int SCOPE_UNIVERSE = 0;
    private final Path namespace;

    private FlannelTunnel(Path namespace) {
        this.namespace = namespace;
    }

    /**
     * Creates the device in a node's namespace.
     *
     * @param address of the node on the underlay
     * @param podCidrBase the first address of the node's pod CIDR
     */
    public static FlannelTunnel create(Path namespace, InetAddress address, InetAddress podCidrBase, long vtepMac) {
        try (Rtnetlink kernel = Rtnetlink.openIn(namespace)) {
            Link tunnel = kernel.createVxlan(VxlanSpec.of(VXLAN, VNI)
                .withLocal(LabPlan.number(address))
                .withPort(PORT)
                .withUnderlay(kernel.link(LabPlan.UPLINK).orElseThrow().index())
                .withLearning(false)
                .withMac(vtepMac)
                .withMtu(LabPlan.POD_MTU));
            kernel.addAddress(tunnel.index(), LabPlan.number(podCidrBase), HOST_BITS, SCOPE_UNIVERSE);
            kernel.setUp(tunnel.index());
        }
        return new FlannelTunnel(namespace);
    }

    /** Adds another node, as flannel does when it sees that Node's annotations. */
    public void addPeer(InetAddress podCidrBase, long vtepMac, InetAddress address) {
        int base = LabPlan.number(podCidrBase);
        try (Rtnetlink kernel = Rtnetlink.openIn(namespace)) {
            int tunnel = kernel.link(VXLAN).orElseThrow().index();
            kernel.replaceNeighbour(tunnel, base, vtepMac);
            kernel.replaceFdb(tunnel, vtepMac, LabPlan.number(address));
            kernel.replaceRoute(Route.to(base, POD_CIDR_BITS).via(base, tunnel).onLink());
        }
    }
}
