package io.weft.dataplane.table;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.tunnel.Tunnel;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the tables say about the node itself.
 *
 * @param name the Node object's name
 * @param address the node's own address on the underlay: outer source of the tunnel, source of masqueraded packets
 * @param podCidr this node's pods; its first address is the node's own among pods, its second the pods' gateway
 * @param clusterCidr all pods; never masqueraded towards
 * @param serviceCidr ClusterIPs; there may be more ranges of them ({@link #serviceCidrs})
 * @param vtepMac the gateway's Ethernet address for our pods, and our inner one in tunnels that have inner Ethernet headers
 * @param podMtu largest IPv4 packet between pods of this node
 * @param offNodeMtu largest IPv4 packet to other nodes, to Services and outside; fits the tunnel
 * @param masquerade whether packets from pods to outside the cluster take {@code address} as source
 * @param snatFirst lowest port that may be given to a masqueraded flow; between it and the highest there may be gaps
 * @param snatLast highest such port
 * @param services what holds for all Services here
 */
public record LocalNode(
    String name,
    IpAddress address,
    IpPrefix podCidr,
    IpPrefix clusterCidr,
    IpPrefix serviceCidr,
    long vtepMac,
    Overlay overlay,
    int podMtu,
    int offNodeMtu,
    boolean masquerade,
    int snatFirst,
    int snatLast,
    ServiceRules services) {

    /** Node, gateway, a pod and, of IPv4, broadcast. */
    private static final int MIN_HOST_BITS = 2;

    public LocalNode {
        PeerSpec.requireNodeName(name);
        if (podCidr.hostBits() < MIN_HOST_BITS) {
            throw new IllegalArgumentException("podCIDR " + podCidr + " has no room for pods");
        }
        if (snatFirst < 0 || snatLast > 0xFFFF || snatFirst > snatLast) {
            throw new IllegalArgumentException("SNAT ports " + snatFirst + "-" + snatLast + " are no range of ports");
        }
    }

    /** A node with the default rules for Services. */
    public LocalNode(String name, IpAddress address, IpPrefix podCidr, IpPrefix clusterCidr, IpPrefix serviceCidr,
        long vtepMac, Overlay overlay, int podMtu, int offNodeMtu, boolean masquerade, int snatFirst, int snatLast) {
        this(name, address, podCidr, clusterCidr, serviceCidr, vtepMac, overlay, podMtu, offNodeMtu, masquerade,
            snatFirst, snatLast, ServiceRules.defaults(IpPrefix.single(address)));
    }

    /** All ranges of ClusterIPs: {@link #serviceCidr}, then the others. */
    public List<IpPrefix> serviceCidrs() {
        return Stream.concat(Stream.of(serviceCidr), services.moreServiceCidrs().stream()).toList();
    }

    /** The tunnel to a peer, whose outer Ethernet frames go from one MAC address to another. */
    public Tunnel tunnel(PeerSpec peer, long nextHopMac, long uplinkMac) {
        return new Tunnel(overlay.encapsulation(), nextHopMac, uplinkMac, address.toInt(), peer.vtepIp().toInt(),
            overlay.port(), overlay.id(), peer.vtepMac(), vtepMac);
    }

    /** Largest IPv4 packet that fits into a tunnel over an uplink with this MTU. */
    public int tunnelMtu(int uplinkMtu) {
        return Math.min(uplinkMtu - overlay.encapsulation().overhead(), offNodeMtu);
    }

    /** Largest IPv4 packet to the node's own stack, over an uplink with this MTU. */
    public int hostMtu(int uplinkMtu) {
        return Math.max(uplinkMtu, podMtu);
    }

    /** The same with other tunnels. */
    public LocalNode withOverlay(Overlay other) {
        return new LocalNode(name, address, podCidr, clusterCidr, serviceCidr, vtepMac, other, podMtu, offNodeMtu,
            masquerade, snatFirst, snatLast, services);
    }

    /** The same where no port carries longer packets than these. */
    public LocalNode withLongestPacket(int bytes) {
        return new LocalNode(name, address, podCidr, clusterCidr, serviceCidr, vtepMac, overlay,
            Math.min(podMtu, bytes), Math.min(offNodeMtu, bytes), masquerade, snatFirst, snatLast, services);
    }

    /** The node's own address among pods, on {@code weft-host}. */
    public IpAddress base() {
        return podCidr.base();
    }

    /** Where pods send everything; answers echo requests; source of our ICMP errors. */
    public IpAddress gateway() {
        return podCidr.base().plus(1);
    }
}
