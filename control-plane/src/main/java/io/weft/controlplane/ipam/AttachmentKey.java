package io.weft.controlplane.ipam;

/** What the runtime names an attachment by: CNI_CONTAINERID and CNI_IFNAME. */
public record AttachmentKey(String containerId, String ifName) {
    /** No container id begins with it (CNI specification, CNI_CONTAINERID). */
    private static final String UNKNOWN_CONTAINER = "?";

    /** Stands for the pod behind a device of which nothing says whose it is. */
    static AttachmentKey unknown(String hostIfName) {
        return new AttachmentKey(UNKNOWN_CONTAINER, hostIfName);
    }

    /** Whether it stands for a pod whose container is not known. */
    public boolean isUnknown() {
        return containerId.equals(UNKNOWN_CONTAINER);
    }

    @Override
    public String toString() {
        return containerId + "/" + ifName;
    }
}
