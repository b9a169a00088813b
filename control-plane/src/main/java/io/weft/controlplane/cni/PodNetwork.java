package io.weft.controlplane.cni;

import io.weft.controlplane.ipam.Attachment;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.Ipv4Prefix;
import io.weft.encap.address.MacAddress;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Address;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A pod's veth and what is set on its two ends. Works in the network namespace the control plane runs in and in the pod's.
 *
 * <p>The host end neither forwards nor has addresses, so that it carries nothing while the dataplane is away. The pod gets
 * its address as a /32 and everything through the gateway, for whose address the dataplane answers ARP; the MTU of the device
 * holds for pods of this node, that of the default route for all others, and TCP announces its segment size by them. Checksum offload is
 * left as the kernel sets it. Any thread; errors: {@link LinuxException}.
 */
final class PodNetwork {
    private static final int HOST_PREFIX = 32;
    private static final String ADDRESS_GENERATION_OFF = "1"; // IN6_ADDR_GEN_MODE_NONE, <linux/if_link.h>

    private PodNetwork() {
    }

    /**
     * Makes the veth, in place of any left over under the same name.
     *
     * @param queues of each end
     * @return the host end's address
     */
    static long create(Attachment attachment, int queues, PodRoutes routes, long gatewayMac) {
        try (Rtnetlink node = Rtnetlink.open();
            NetworkNamespace pod = NetworkNamespace.open(Path.of(attachment.netns()))) {
            node.deleteLink(attachment.hostIfName());
            Link host = node.createVeth(VethSpec.of(attachment.hostIfName(), attachment.key().ifName())
                .withMtu(attachment.mtu())
                .withQueues(queues)
                .withPeerMac(attachment.podMac())
                .withPeerNamespace(pod.fd()));
            try {
                closeHostEnd(host.name());
                node.setUp(host.index());
                pod.run(() -> setUpPodEnd(attachment, routes, gatewayMac));
            } catch (RuntimeException e) {
                node.deleteLink(host.index());
                throw e;
            }
            return host.mac();
        }
    }

    /** Deletes the veth, both ends. Does nothing when there is none. */
    static void delete(String hostIfName) {
        try (Rtnetlink node = Rtnetlink.open()) {
            node.deleteLink(hostIfName);
        }
    }

    /** As {@link #delete(String)}, and finds it by the pod's end too: somebody may have renamed the node's. */
    static void delete(Attachment attachment) {
        delete(attachment.hostIfName());
        if (hasNamespace(attachment)) {
            NetworkNamespace.run(Path.of(attachment.netns()), () -> deletePodEnd(attachment));
        }
    }

    private static void deletePodEnd(Attachment attachment) {
        try (Rtnetlink pod = Rtnetlink.open()) {
            pod.link(attachment.key().ifName())
                .filter(link -> link.mac() == attachment.podMac())
                .ifPresent(link -> pod.deleteLink(link.index()));
        }
    }

    static Optional<Link> hostEnd(Attachment attachment) {
        try (Rtnetlink node = Rtnetlink.open()) {
            return node.link(attachment.hostIfName());
        }
    }

    /** Whether the pod's namespace still has a name. */
    static boolean hasNamespace(Attachment attachment) {
        return Files.exists(Path.of(attachment.netns()));
    }

    /** @return what differs from what {@link #create} made, or empty */
    static Optional<String> difference(Attachment attachment, int gateway) {
        Optional<Link> host = hostEnd(attachment);
        if (host.isEmpty()) { return Optional.of("device " + attachment.hostIfName() + " is gone from the node"); }
        if (!host.get().isUp()) { return Optional.of("device " + attachment.hostIfName() + " is down"); }
        if (!hasNamespace(attachment)) { return Optional.of("namespace " + attachment.netns() + " is gone"); }
        return NetworkNamespace.call(Path.of(attachment.netns()), () -> podDifference(attachment, gateway));
    }

    private static void closeHostEnd(String name) {
        Sysctl.write("net/ipv4/conf/" + name + "/forwarding", "0");
        String generation = "net/ipv6/conf/" + name + "/addr_gen_mode";
        if (Sysctl.exists(generation)) {
            Sysctl.write(generation, ADDRESS_GENERATION_OFF);
        }
    }

    /** The gateway stands in the pod's neighbours as if it had answered ARP, so that the pod's first packet does not wait for that. */
    private static void setUpPodEnd(Attachment attachment, PodRoutes routes, long gatewayMac) {
        try (Rtnetlink pod = Rtnetlink.open()) {
            int gateway = routes.gateway();
            Ipv4Prefix near = routes.podCidr();
            int ifindex = pod.link(attachment.key().ifName()).orElseThrow().index();
            pod.replaceAddress(ifindex, attachment.podIp(), HOST_PREFIX, Route.RT_SCOPE_UNIVERSE);
            pod.setUp(ifindex);
            pod.replaceRoute(Route.to(gateway, HOST_PREFIX).device(ifindex));
            pod.replaceRoute(Route.to(near.base(), near.length()).via(gateway, ifindex).onLink());
            pod.replaceRoute(Route.to(0, 0).via(gateway, ifindex).onLink()
                .mtu(Math.min(attachment.mtu(), routes.offNodeMtu())));
            pod.learnNeighbour(ifindex, gateway, gatewayMac);
        }
    }

    private static Optional<String> podDifference(Attachment attachment, int gateway) {
        String name = attachment.key().ifName();
        try (Rtnetlink pod = Rtnetlink.open()) {
            Optional<Link> link = pod.link(name);
            if (link.isEmpty()) { return Optional.of("device " + name + " is gone from the pod"); }
            if (!link.get().isUp()) { return Optional.of("device " + name + " of the pod is down"); }
            if (link.get().mac() != attachment.podMac()) {
                return Optional.of("device " + name + " has address " + MacAddress.format(link.get().mac()) + ", not "
                    + MacAddress.format(attachment.podMac()));
            }
            int ifindex = link.get().index();
            if (!hasAddress(pod.addresses(ifindex), attachment.podIp())) {
                return Optional.of("device " + name + " has lost " + Ipv4Address.format(attachment.podIp()));
            }
            return hasDefaultRoute(pod, ifindex, gateway)
                ? Optional.empty()
                : Optional.of("the pod has no default route through " + Ipv4Address.format(gateway));
        }
    }

    private static boolean hasAddress(List<Address> addresses, int ip) {
        return addresses.stream().anyMatch(address -> address.ip() == ip);
    }

    private static boolean hasDefaultRoute(Rtnetlink pod, int ifindex, int gateway) {
        return pod.routes(Route.RT_TABLE_MAIN).stream().anyMatch(route -> route.prefixLength() == 0
            && route.gateway() == gateway && route.ifindex() == ifindex);
    }
}
