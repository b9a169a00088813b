package io.weft.controlplane.cni;

import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.DeviceLabel;
import io.weft.encap.address.IpAddress;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pod's veth: creates and deletes both ends, and sets up and labels the node's end; {@link PodEnd} sets up the pod's. Works in the
 * network namespace of the control plane and in the pod's.
 *
 * <p>The host end neither forwards nor has addresses, so it carries nothing while the dataplane is down. Its alias is a
 * {@link DeviceLabel}. The pod gets its address as a /32 and reaches everything through the gateway, for whose address the dataplane
 * answers ARP. The MTU of the device applies to pods of this node, that of the default route to everything else, and TCP announces its
 * segment size accordingly. Checksum offload stays as the kernel sets it. Any thread; errors: {@link LinuxException}.
 */
final class PodNetwork {
    private static final Logger LOG = LoggerFactory.getLogger(PodNetwork.class);
    private static final String VETH = "veth";
    private static final String ADDRESS_GENERATION_OFF = "1"; // IN6_ADDR_GEN_MODE_NONE, <linux/if_link.h>

    /**
     * A new veth.
     *
     * @param hasMainRoutes whether the pod's other packets also leave by it
     */
    record Created(long hostMac, boolean hasMainRoutes) {
    }

    private PodNetwork() {
    }

    /**
     * Creates the veth, replacing one left over with the same name.
     *
     * @param queues of each end
     */
    static Created create(Attachment attachment, NetworkNamespace pod, int queues, PodRoutes routes, long gatewayMac) {
        try (Rtnetlink node = Rtnetlink.open()) {
            deleteVeth(node, attachment.hostIfName());
            Link host = node.createVeth(VethSpec.of(attachment.hostIfName(), attachment.key().ifName())
                .withMtu(attachment.mtu())
                .withQueues(queues)
                .withPeerMac(attachment.podMac())
                .withPeerNamespace(pod.fd()));
            try {
                node.setAlias(host.index(), DeviceLabel.text(attachment));
                closeHostEnd(host.name());
                node.setUp(host.index());
                return new Created(host.mac(), pod.call(() -> PodEnd.setUp(attachment, routes, gatewayMac)));
            } catch (RuntimeException e) {
                removeAfter(e, () -> node.deleteLink(host.index()));
                removeAfter(e, () -> pod.run(() -> PodEnd.remove(attachment)));
                throw e;
            }
        }
    }

    /** Deletes the veth, both ends. Does nothing if there is none, or if the device of that name is not a veth. */
    static void delete(String hostIfName) {
        try (Rtnetlink node = Rtnetlink.open()) {
            deleteVeth(node, hostIfName);
        }
    }

    /**
     * Deletes an attachment's veth, even if its node's end was renamed, and what was set up for it in the pod. It is no error if the
     * namespace is gone.
     */
    static void delete(Attachment attachment) {
        boolean deleted;
        try (Rtnetlink node = Rtnetlink.open()) {
            deleted = deleteVeth(node, attachment.hostIfName()) || deleteRenamed(node, attachment);
        }
        try (PodNamespace pod = PodNamespace.find(attachment.netns()).orElse(null)) {
            if (pod != null) {
                pod.namespace().run(() -> PodEnd.remove(attachment));
            }
        } catch (LinuxException e) {
            if (!deleted) { throw e; } // the device may still exist in the pod, with the address
            LOG.warn("{}: its device was deleted, but its namespace could not be cleaned up: {}", attachment.key(),
                e.getMessage());
        }
    }

    static Optional<Link> hostEnd(Attachment attachment) {
        try (Rtnetlink node = Rtnetlink.open()) {
            return node.link(attachment.hostIfName());
        }
    }

    /** @return what differs from what {@link #create} created, or empty */
    static Optional<String> difference(Attachment attachment, IpAddress gateway) {
        Optional<Link> host = hostEnd(attachment);
        if (host.isEmpty()) { return Optional.of("device " + attachment.hostIfName() + " is gone from the node"); }
        if (!host.get().isUp()) { return Optional.of("device " + attachment.hostIfName() + " is down"); }
        try (PodNamespace pod = PodNamespace.find(attachment.netns()).orElse(null)) {
            return pod == null
                ? Optional.of("namespace " + attachment.netns() + " is gone")
                : pod.namespace().call(() -> PodEnd.difference(attachment, gateway));
        }
    }

    /** Like {@link Created#hasMainRoutes}, for an attachment without {@link #difference}. */
    static boolean hasMainRoutes(Attachment attachment, NetworkNamespace pod, IpAddress gateway) {
        return pod.call(() -> PodEnd.hasMainRoutes(attachment, gateway));
    }

    /** Writes the label again after the attachment's names changed. */
    static void label(Attachment attachment) {
        try (Rtnetlink node = Rtnetlink.open()) {
            node.link(attachment.hostIfName()).ifPresent(host -> label(node, host, attachment));
        }
    }

    /** Writes the label that attachments of an earlier version lack. */
    static void label(Rtnetlink node, Link host, Attachment attachment) {
        node.setAlias(host.index(), DeviceLabel.text(attachment));
    }

    private static boolean deleteVeth(Rtnetlink node, String name) {
        return node.link(name)
            .filter(link -> link.kind().equals(VETH))
            .map(link -> node.deleteLink(link.index()))
            .orElse(false);
    }

    private static boolean deleteRenamed(Rtnetlink node, Attachment attachment) {
        Predicate<Link> isOurs = link -> link.kind().equals(VETH) && DeviceLabel.parse(link.alias())
            .filter(label -> label.attachId() == attachment.attachId()).isPresent();
        return node.links().stream().filter(isOurs).map(link -> node.deleteLink(link.index())).toList().contains(true);
    }

    private static void closeHostEnd(String name) {
        Sysctl.write("net/ipv4/conf/" + name + "/forwarding", "0");
        String generation = "net/ipv6/conf/" + name + "/addr_gen_mode";
        if (Sysctl.exists(generation)) {
            Sysctl.write(generation, ADDRESS_GENERATION_OFF);
        }
    }

    private static void removeAfter(RuntimeException first, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            first.addSuppressed(e);
        }
    }
}
