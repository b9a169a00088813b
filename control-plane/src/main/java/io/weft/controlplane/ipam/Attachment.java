package io.weft.controlplane.ipam;

import io.weft.encap.address.IpAddress;
import java.util.List;

/**
 * The node's record of a pod's interface, stored on disk. Immutable.
 *
 * @param hostIfName the veth's end on the node
 * @param portId the dataplane's port; no other current attachment has it
 * @param attachId never reused; distinguishes this attachment from earlier ones with the same port id
 * @param podMac 48 bits
 * @param portMappings ports of the node that lead to the pod; no other attachment has one that overlaps
 */
public record Attachment(
    AttachmentNames names, String hostIfName, int portId, long attachId, IpAddress podIp, long podMac, int mtu,
    List<PortMapping> portMappings) {
    public Attachment {
        portMappings = List.copyOf(portMappings);
    }

    /** One without ports of the node. */
    public Attachment(AttachmentNames names, String hostIfName, int portId, long attachId, IpAddress podIp, long podMac,
        int mtu) {
        this(names, hostIfName, portId, attachId, podIp, podMac, mtu, List.of());
    }

    public AttachmentKey key() {
        return names.key();
    }

    /** See {@link AttachmentNames#network}. */
    public String network() {
        return names.network();
    }

    /** See {@link AttachmentNames#netns}. */
    public String netns() {
        return names.netns();
    }

    /** See {@link AttachmentNames#podName}. */
    public String podName() {
        return names.podName();
    }

    /** The same interface under the names that the runtime uses now. A pod name that it no longer says stays. */
    public Attachment named(AttachmentNames now) {
        return new Attachment(now.or(names), hostIfName, portId, attachId, podIp, podMac, mtu, portMappings);
    }

    /** The same interface, whose namespace the runtime finds under another path now. */
    public Attachment in(String netns) {
        return named(new AttachmentNames(key(), network(), netns, podName()));
    }

    Attachment withPortMappings(List<PortMapping> mappings) {
        return new Attachment(names, hostIfName, portId, attachId, podIp, podMac, mtu, mappings);
    }

    Attachment withPortId(int id) {
        return new Attachment(names, hostIfName, id, attachId, podIp, podMac, mtu, portMappings);
    }

    /** For messages: the pod's name, or that of its container. */
    public String subject() {
        return podName().isEmpty() ? key().toString() : podName();
    }
}
