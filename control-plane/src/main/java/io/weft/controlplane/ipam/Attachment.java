package io.weft.controlplane.ipam;

/**
 * A pod's interface as the node knows it, kept on disk. Immutable.
 *
 * @param network name of the CNI network configuration it was added by
 * @param netns path of the pod's network namespace
 * @param hostIfName the veth's end on the node
 * @param portId the dataplane's port, unique among the living
 * @param attachId unique for ever, so that a port opened for an earlier owner of the id is told apart
 * @param podIp host-numeric
 * @param podMac 48 bits
 */
public record Attachment(
    AttachmentKey key, String network, String netns, String hostIfName, int portId, long attachId, int podIp,
    long podMac, int mtu) {
}
