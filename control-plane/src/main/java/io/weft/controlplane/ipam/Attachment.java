package io.weft.controlplane.ipam;

import io.weft.encap.address.IpAddress;

/**
 * A pod's interface as the node knows it, kept on disk. Immutable.
 *
 * @param network name of the CNI network configuration it was added by, empty when not known
 * @param netns path of the pod's network namespace, empty when not known
 * @param hostIfName the veth's end on the node
 * @param portId the dataplane's port, unique among the living
 * @param attachId unique for ever, so that a port opened for an earlier owner of the id is told apart
 * @param podMac 48 bits
 */
public record Attachment(
    AttachmentKey key, String network, String netns, String hostIfName, int portId, long attachId, IpAddress podIp,
    long podMac, int mtu) {
    /** The same interface, named as the runtime names it now. */
    public Attachment named(AttachmentKey name, String networkName, String netnsPath) {
        return new Attachment(name, networkName, netnsPath, hostIfName, portId, attachId, podIp, podMac, mtu);
    }

    Attachment withPortId(int id) {
        return new Attachment(key, network, netns, hostIfName, id, attachId, podIp, podMac, mtu);
    }
}
