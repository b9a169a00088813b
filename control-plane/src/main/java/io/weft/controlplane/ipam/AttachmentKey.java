package io.weft.controlplane.ipam;

/** The runtime's name of an attachment: CNI_CONTAINERID and CNI_IFNAME. */
public record AttachmentKey(String containerId, String ifName) {
    /** Not a valid container id, which starts with a letter or digit (CNI specification, CNI_CONTAINERID). */
    private static final String UNKNOWN_CONTAINER = "?";

    /** The key for a device whose pod is unknown. */
    static AttachmentKey unknown(String hostIfName) {
        return new AttachmentKey(UNKNOWN_CONTAINER, hostIfName);
    }

    /** Whether the container is unknown. */
    public boolean isUnknown() { return containerId.equals(UNKNOWN_CONTAINER); }

    @Override
    public String toString() {
        return containerId + "/" + ifName;
    }
}
