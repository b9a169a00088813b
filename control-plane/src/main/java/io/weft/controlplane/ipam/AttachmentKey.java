package io.weft.controlplane.ipam;

/** What the runtime names an attachment by: CNI_CONTAINERID and CNI_IFNAME. */
public record AttachmentKey(String containerId, String ifName) {
    @Override
    public String toString() {
        return containerId + "/" + ifName;
    }
}
