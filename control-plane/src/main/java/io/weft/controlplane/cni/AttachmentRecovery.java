package io.weft.controlplane.cni;

import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.ipam.AttachmentStore.ExhaustedException;
import io.weft.controlplane.ipam.DeviceLabel;
import io.weft.encap.address.IpAddress;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares the records of attachments with the veths that exist, before any address is allocated: a pod whose record was lost still runs,
 * and must keep its address and its port.
 *
 * <p>For a veth without a record it creates one from the veth's {@link DeviceLabel}, with its hostPorts. Devices of earlier versions have no label; then the
 * address is read from the pod's end, and the record stands for a pod with an unknown container until the runtime names the container, or
 * until the device disappears with its pod. Runs in the node's network namespace, on a thread that has the store to itself.
 */
public final class AttachmentRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(AttachmentRecovery.class);
    private static final int HOST_PREFIX = 32;
    private static final String LOST_PORTS = "; hostPorts that its device does not name are no longer served: delete the pod if it has any";

    private final AttachmentStore store;
    private final Rtnetlink node;
    private final Set<String> devices;

    private AttachmentRecovery(AttachmentStore store, Rtnetlink node, Set<String> devices) {
        this.store = store;
        this.node = node;
        this.devices = devices;
    }

    /** Reports what it finds through {@link AttachmentStore#notes} and the log. */
    public static void run(AttachmentStore store) throws IOException {
        try (Rtnetlink node = Rtnetlink.open()) {
            List<Link> veths = node.links().stream().filter(link -> link.kind().equals("veth")).toList();
            AttachmentRecovery recovery = new AttachmentRecovery(store, node,
                veths.stream().map(Link::name).collect(Collectors.toCollection(HashSet::new)));
            for (Link veth : veths) {
                recovery.look(veth);
            }
        }
    }

    private void look(Link veth) throws IOException {
        Optional<DeviceLabel> label = DeviceLabel.parse(veth.alias());
        try {
            if (label.isPresent() && label.get().key().isPresent()) {
                compare(veth, label.get(), AttachmentStore.attachment(label.get(), veth.mtu()));
            } else if (AttachmentStore.isHostIfName(veth.name())) {
                compareUnlabelled(veth, label);
            }
        } catch (LinuxException e) {
            report(veth, "cannot be examined: " + e.getMessage());
        } catch (ExhaustedException e) {
            report(veth, "has no record, and " + e.getMessage());
        }
    }

    /** A record describes a device: where they differ, the device is right. */
    private void compare(Link veth, DeviceLabel label, Attachment labelled) throws IOException, ExhaustedException {
        Optional<Attachment> recorded = store.find(labelled.key());
        if (recorded.isPresent() && recorded.get().attachId() == labelled.attachId()) {
            if (!label.hasAllPorts()) {
                PodNetwork.label(node, veth, recorded.get()); // an earlier version's
            }
            return;
        }
        boolean isRenamed = !veth.name().equals(labelled.hostIfName());
        if (isRenamed && devices.contains(labelled.hostIfName())) { return; }
        if (!makeRoom(veth, labelled)) { return; }
        adopt(veth, labelled, recorded.isPresent()
            ? "its record was of an earlier attachment and was recreated from its device" + lostPorts(label)
            : "its record was lost and was recreated from its device" + lostPorts(label));
    }

    private void compareUnlabelled(Link veth, Optional<DeviceLabel> label) throws IOException, ExhaustedException {
        Optional<Attachment> recorded = store.all().stream()
            .filter(attachment -> attachment.hostIfName().equals(veth.name())).findFirst();
        if (recorded.isPresent()) {
            PodNetwork.label(node, veth, recorded.get());
            return;
        }
        if (veth.peerNamespaceId() < 0) { return; } // it was never moved to a pod; GC deletes it
        Optional<IpAddress> address = label.map(DeviceLabel::podIp).or(() -> podAddress(veth));
        if (address.isEmpty()) {
            report(veth, "has no record, and its other end has no address; Weft leaves it alone");
            return;
        }
        Attachment unknown = store.unknown(veth.name(), label, address.get(),
            node.peer(veth).map(Link::mac).orElse(0L), veth.mtu());
        if (makeRoom(veth, unknown)) {
            adopt(veth, unknown,
                "its record was lost and its container is not known; the address stays reserved until"
                    + " the runtime names the pod or the device is gone"
                    + label.map(AttachmentRecovery::lostPorts).orElse(LOST_PORTS));
        }
    }

    private static String lostPorts(DeviceLabel label) {
        return label.hasAllPorts() ? "" : LOST_PORTS;
    }

    /** Weft's address is a /32; a pod may have added others. */
    private Optional<IpAddress> podAddress(Link veth) {
        return node.peerAddresses(veth).stream()
            .filter(address -> address.scope() == Route.RT_SCOPE_UNIVERSE)
            .min(Comparator.comparing(address -> address.prefixLength() != HOST_PREFIX))
            .map(address -> IpAddress.ipv4(address.ip()));
    }

    /** A record with the same address whose device is gone is the older one. */
    private boolean makeRoom(Link veth, Attachment found) throws IOException {
        for (Attachment other : store.all()) {
            boolean isSame = other.hostIfName().equals(found.hostIfName());
            if (isSame || !other.podIp().equals(found.podIp())) {
                continue;
            }
            if (devices.contains(other.hostIfName())) {
                report(veth, "has no record, and its address " + found.podIp() + " is "
                    + other.key() + "'s: detach one of the two pods");
                return false;
            }
            LOG.warn("{}: its device is gone, and its address is that of {}", other.key(), veth.name());
            store.release(other.key());
        }
        return true;
    }

    private void adopt(Link veth, Attachment found, String what) throws IOException, ExhaustedException {
        String note = (found.key().isUnknown() ? "" : found.key() + ", ") + found.podIp() + " on "
            + found.hostIfName() + ": " + what;
        LOG.warn("{}", note);
        PodNetwork.label(node, veth, store.adopt(found, note));
    }

    private void report(Link veth, String what) {
        LOG.warn("{} {}", veth.name(), what);
        store.note(veth.name(), veth.name() + " " + what);
    }
}
