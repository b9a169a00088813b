package io.weft.nativebindings.netlink;

/**
 * An IPv4 neighbour (ARP) entry.
 *
 * @param ip its address as a number
 * @param mac its hardware address as a number, 0 while unknown
 * @param state NUD_ bits
 * @param flags NTF_ bits
 * @param extendedFlags NTF_EXT_ bits
 */
public record Neighbour(int ifindex, int ip, long mac, int state, int flags, int extendedFlags) {
    /** Constants of {@code <linux/neighbour.h>}. */
    public static final int NUD_NONE = 0x00;

    public static final int NUD_INCOMPLETE = 0x01;
    public static final int NUD_REACHABLE = 0x02;
    public static final int NUD_STALE = 0x04;
    public static final int NUD_DELAY = 0x08;
    public static final int NUD_PROBE = 0x10;
    public static final int NUD_FAILED = 0x20;
    public static final int NUD_NOARP = 0x40;
    public static final int NUD_PERMANENT = 0x80;
    public static final int NTF_SELF = 0x02;
    public static final int NTF_EXT_MANAGED = 0x01;

    private static final int NUD_VALID = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_NOARP | NUD_PERMANENT;

    /** Whether frames may be sent to its hardware address (the kernel's NUD_VALID). */
    public boolean isValid() {
        return (state & NUD_VALID) != 0 && mac != 0;
    }

    public boolean isPermanent() { return (state & NUD_PERMANENT) != 0; }

    /** Whether the kernel's probes went unanswered and it sends none at present. */
    public boolean isFailed() {
        return (state & NUD_FAILED) != 0;
    }

    /** Whether the kernel keeps it resolved without traffic. */
    public boolean isManaged() {
        return (extendedFlags & NTF_EXT_MANAGED) != 0;
    }
}
