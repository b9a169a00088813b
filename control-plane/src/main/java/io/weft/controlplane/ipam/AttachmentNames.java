package io.weft.controlplane.ipam;

/**
 * How the container runtime names a pod's interface. Immutable.
 *
 * @param network name of the CNI network configuration that added it; empty if unknown
 * @param netns path of the pod's network namespace; empty if unknown
 * @param podName {@code namespace/name} of the Pod object; empty if the runtime did not say
 */
public record AttachmentNames(AttachmentKey key, String network, String netns, String podName) {
    /** A record with an unknown pod. */
    static AttachmentNames unknown(String hostIfName) {
        return new AttachmentNames(AttachmentKey.unknown(hostIfName), "", "", "");
    }

    AttachmentNames withKey(AttachmentKey other) {
        return new AttachmentNames(other, network, netns, podName);
    }

    /** These names; where they are empty, those of {@code former}. */
    AttachmentNames or(AttachmentNames former) {
        return podName.isEmpty() ? new AttachmentNames(key, network, netns, former.podName) : this;
    }
}
