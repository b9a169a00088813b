package io.weft.nativebindings.netlink;

/**
 * An IPv4 address of a device.
 *
 * @param ip the device's own address (IFA_LOCAL) as a number
 * @param peer the other end of a point-to-point device, otherwise equal to ip
 * @param scope a RT_SCOPE_ value, see {@link Route}
 * @param flags IFA_F_ flags
 * @param label its label, usually the device's name
 */
public record Address(int ifindex, int ip, int peer, int prefixLength, int scope, int flags, String label) {
    /** {@code <linux/if_addr.h>}: not the first address of its prefix. */
    public static final int IFA_F_SECONDARY = 0x01;
}
