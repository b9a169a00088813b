package io.weft.dataplane.conductor;

import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Address;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NextHop;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code weft-host}: the veth by which the node's own stack takes part in the pod network. Its kernel side holds the base address of the
 * podCIDR and the routes for pods and Services, through an on-link next hop (the pods' gateway) with a permanent neighbour, so that the kernel
 * asks nobody; the other end, {@code weft-host0}, is the workers'.
 *
 * <p>While no dataplane is bound to it, as after a crash, the node's stack itself receives on {@code weft-host0} what it sends into
 * {@code weft-host}: the node's processes still answer each other on ports that {@link HostRouting} leads here. For that, {@code weft-host0}
 * has the gateway's MAC address, an address (without one, the kernel's reverse path filter drops everything), and the same settings.
 *
 * <p>It is made as it should be or adopted from a predecessor that was killed, and goes away as a whole. Thread: the conductor, in the node's
 * network namespace. Cold code.
 */
final class HostLink {
    static final String KERNEL_SIDE = "weft-host";
    static final String WORKER_SIDE = "weft-host0";

    private static final int SINGLE = 32;
    private static final long LEAVING_NANOS = 2_000_000_000;
    private static final long PAUSE_NANOS = 20_000_000;
    private static final String LOOSE = "2";

    private final Rtnetlink rtnetlink;
    private final Ethtool ethtool;
    private boolean taken;

    HostLink(Rtnetlink rtnetlink, Ethtool ethtool) {
        this.rtnetlink = rtnetlink;
        this.ethtool = ethtool;
    }

    /**
     * Makes the pair, or adopts what is there.
     *
     * @param queues of each end
     * @param mtu bytes; at least the uplink's, because what is punted came from there
     * @return the workers' end
     * @throws SetupException when one of the names is somebody else's device, or another dataplane's
     */
    Link open(int queues, int mtu) {
        requireFree();
        taken = true;
        if (!isUsable(queues)) {
            rtnetlink.deleteLink(KERNEL_SIDE);
            rtnetlink.deleteLink(WORKER_SIDE);
            rtnetlink.createVeth(VethSpec.of(KERNEL_SIDE, WORKER_SIDE).withQueues(queues).withMtu(mtu));
        }
        for (String end : List.of(KERNEL_SIDE, WORKER_SIDE)) {
            Link link = require(end);
            if (link.mtu() != mtu) {
                rtnetlink.setMtu(link.index(), mtu);
            }
            quieten(end);
            acceptOwnAddresses(end);
            setQueues(end, queues);
            rtnetlink.setUp(link.index());
        }
        return require(WORKER_SIDE);
    }

    /** MAC of the kernel's side. */
    long mac() {
        return require(KERNEL_SIDE).mac();
    }

    /** Sets address and routes, and removes those of a former configuration. */
    void configure(LocalNode local) {
        Link workerSide = require(WORKER_SIDE);
        if (workerSide.mac() != local.vtepMac()) {
            rtnetlink.setAddress(workerSide.index(), local.vtepMac());
        }
        int ifindex = require(KERNEL_SIDE).index();
        for (int end : new int[]{ifindex, workerSide.index()}) {
            rtnetlink.replaceAddress(end, local.base().toInt(), SINGLE, Route.RT_SCOPE_UNIVERSE);
            removeFormerAddresses(end, local);
        }
        rtnetlink.replaceNeighbour(ifindex, local.gateway().toInt(), local.vtepMac());
        Map<IpPrefix, Integer> wanted = destinations(local);
        wanted.forEach((prefix, mtu) -> rtnetlink.replaceRoute(Route.to(prefix.base().toInt(), prefix.length())
            .via(local.gateway().toInt(), ifindex).onLink().source(local.base().toInt()).mtu(mtu)));
        removeFormerRoutes(ifindex, wanted.keySet());
    }

    /** How the node's own packets to frontends get here. */
    HostRouting.Path path(LocalNode local) {
        return new HostRouting.Path(require(KERNEL_SIDE).index(), local.gateway().toInt(), local.base().toInt(),
            local.offNodeMtu());
    }

    /** Takes address, routes and neighbour away with the pair, if it is this process's. */
    void remove() {
        if (taken) {
            rtnetlink.deleteLink(KERNEL_SIDE);
        }
    }

    /** With the MTU of each: long packets stay on the node, and a Service's backend may be elsewhere. */
    private static Map<IpPrefix, Integer> destinations(LocalNode local) {
        Map<IpPrefix, Integer> mtuOf = new HashMap<>();
        mtuOf.put(local.clusterCidr(), local.offNodeMtu());
        local.serviceCidrs().forEach(cidr -> mtuOf.put(cidr, local.offNodeMtu()));
        mtuOf.put(local.podCidr(), local.podMtu());
        return mtuOf;
    }

    private void removeFormerAddresses(int ifindex, LocalNode local) {
        for (Address address : rtnetlink.addresses(ifindex)) {
            if (address.ip() != local.base().toInt()) {
                rtnetlink.deleteAddress(ifindex, address.ip(), address.prefixLength());
            }
        }
    }

    private void removeFormerRoutes(int ifindex, Set<IpPrefix> wanted) {
        for (Route route : rtnetlink.routes(Route.RT_TABLE_MAIN)) {
            IpPrefix prefix = IpPrefix.containing(IpAddress.ipv4(route.destination()), route.prefixLength());
            if (route.ifindex() == ifindex
                && route.nextHops().stream().mapToInt(NextHop::gateway).anyMatch(hop -> hop != 0)
                && !wanted.contains(prefix)) {
                rtnetlink.deleteRoute(route);
            }
        }
    }

    /** The names may be free or those of a pair that a predecessor left; its program goes a moment after it was killed. */
    private void requireFree() {
        for (String end : List.of(KERNEL_SIDE, WORKER_SIDE)) {
            if (rtnetlink.link(end).isPresent() && !isPair()) {
                throw new SetupException(
                    "there is a device " + end + " that is not Weft's: rename or delete it (ip link delete "
                        + end + ")");
            }
        }
        long deadline = System.nanoTime() + LEAVING_NANOS;
        while (isInUse()) {
            if (System.nanoTime() > deadline) {
                throw new SetupException("another dataplane uses " + KERNEL_SIDE
                    + " in this network namespace: stop it first; one node has one dataplane");
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private boolean isPair() {
        Optional<Link> kernelSide = rtnetlink.link(KERNEL_SIDE);
        Optional<Link> workerSide = rtnetlink.link(WORKER_SIDE);
        return kernelSide.isPresent() && workerSide.isPresent()
            && kernelSide.get().peerIndex() == workerSide.get().index();
    }

    private boolean isInUse() {
        return rtnetlink.link(WORKER_SIDE).filter(link -> link.xdpProgramId() != 0).isPresent();
    }

    private boolean isUsable(int queues) {
        Optional<Link> kernelSide = rtnetlink.link(KERNEL_SIDE);
        Optional<Link> workerSide = rtnetlink.link(WORKER_SIDE);
        return kernelSide.isPresent() && workerSide.isPresent()
            && workerSide.get().rxQueues() >= queues && kernelSide.get().txQueues() >= queues;
    }

    private void setQueues(String device, int queues) {
        ethtool.channels(device)
            .filter(channels -> channels.receiveQueues() != queues || channels.transmitQueues() != queues)
            .ifPresent(channels -> ethtool.setChannels(device, channels.withQueues(queues)));
    }

    /** Neither IPv6 nor forwarding on either end. */
    private static void quieten(String device) {
        String disable = "net/ipv6/conf/" + device + "/disable_ipv6";
        if (Sysctl.exists(disable)) {
            Sysctl.write(disable, "1");
        }
        Sysctl.write("net/ipv4/conf/" + device + "/forwarding", "0");
    }

    /**
     * Punted packets may come from the node's own addresses (a Service's backend may be the node itself), from 127.0.0.1, and from sources
     * behind the uplink.
     */
    private static void acceptOwnAddresses(String device) {
        Sysctl.write("net/ipv4/conf/" + device + "/rp_filter", LOOSE);
        Sysctl.write("net/ipv4/conf/" + device + "/accept_local", "1");
        Sysctl.write("net/ipv4/conf/" + device + "/route_localnet", "1");
    }

    private Link require(String device) {
        return rtnetlink.link(device)
            .orElseThrow(() -> new SetupException("device " + device + " is gone: somebody deletes it"));
    }
}
