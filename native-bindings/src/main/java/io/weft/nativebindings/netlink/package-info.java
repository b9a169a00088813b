/**
 * The kernel's network configuration: links, addresses, routes and neighbours by rtnetlink, offloads and queues by ethtool's
 * generic netlink family, and network namespaces.
 *
 * <p>{@link io.weft.nativebindings.netlink.Rtnetlink} reads and changes, {@link io.weft.nativebindings.netlink.RtnetlinkMonitor}
 * follows changes. Names are the kernel's; IPv4 addresses are ints and hardware addresses longs, both as numbers.
 */
package io.weft.nativebindings.netlink;
