package io.weft.controlplane.ipam;

import io.weft.encap.address.IpAddress;

/**
 * The node's record of a pod's interface, stored on disk. Immutable.
 *
 * @param network name of the CNI network configuration that added it; empty if unknown
 * @param netns path of the pod's network namespace; empty if unknown
 * @param hostIfName the veth's end on the node
 * @param portId the dataplane's port; no other current attachment has it
 * @param attachId never reused; distinguishes this attachment from earlier ones with the same port id
 * @param podMac 48 bits
 */
public record Attachment(
    AttachmentKey key, String network, String netns, String hostIfName, int portId, long attachId, IpAddress podIp,
    long podMac, int mtu) {
    /** The same interface under the names that the runtime uses now. */
    public Attachment named(AttachmentKey name, String networkName, String netnsPath) {
        return new Attachment(name, networkName, netnsPath, hostIfName, portId, attachId, podIp, podMac, mtu);
    }

    Attachment withPortId(int id) {
        return new Attachment(key, network, netns, hostIfName, id, attachId, podIp, podMac, mtu);
    }
}
