package io.weft.nativebindings.netlink;

/**
 * A forwarding database entry of a bridge port or a vxlan device.
 *
 * @param mac the hardware address, as a number; 0 is a vxlan's default destination
 * @param remote a vxlan's tunnel endpoint for it (IPv4 as a number), 0 for none
 * @param state NUD_ bits, see {@link Neighbour}
 */
public record FdbEntry(int ifindex, long mac, int remote, int state) {}
