package io.weft.nativebindings.netlink;

/**
 * Routing messages and their attributes: {@code <linux/rtnetlink.h>}, {@code <linux/if_link.h>}, {@code <linux/if_addr.h>},
 * {@code <linux/neighbour.h>}, {@code <linux/fib_rules.h>} and {@code <linux/veth.h>}. Constants that callers need too are with the records
 * ({@link Link}, {@link Route}, {@link Neighbour}).
 */
final class RtnetlinkAbi {
    static final int AF_UNSPEC = 0;
    static final int AF_INET = 2;
    static final int AF_BRIDGE = 7;

    static final int RTM_NEWLINK = 16;
    static final int RTM_DELLINK = 17;
    static final int RTM_GETLINK = 18;
    static final int RTM_SETLINK = 19;
    static final int RTM_NEWADDR = 20;
    static final int RTM_DELADDR = 21;
    static final int RTM_GETADDR = 22;
    static final int RTM_NEWROUTE = 24;
    static final int RTM_DELROUTE = 25;
    static final int RTM_GETROUTE = 26;
    static final int RTM_NEWNEIGH = 28;
    static final int RTM_DELNEIGH = 29;
    static final int RTM_GETNEIGH = 30;
    static final int RTM_NEWRULE = 32;
    static final int RTM_DELRULE = 33;
    static final int RTM_GETRULE = 34;

    static final int RTMGRP_LINK = 0x1;
    static final int RTMGRP_NEIGH = 0x4;
    static final int RTMGRP_IPV4_IFADDR = 0x10;
    static final int RTMGRP_IPV4_ROUTE = 0x40;
    static final int RTMGRP_IPV4_RULE = 0x80;

    /** struct ifinfomsg. */
    static final int SIZEOF_IFINFOMSG = 16;
    static final int IFI_FAMILY_OFFSET = 0;
    static final int IFI_INDEX_OFFSET = 4;
    static final int IFI_FLAGS_OFFSET = 8;

    static final int IFLA_ADDRESS = 1;
    static final int IFLA_IFNAME = 3;
    static final int IFLA_MTU = 4;
    static final int IFLA_LINK = 5;
    static final int IFLA_MASTER = 10;
    static final int IFLA_OPERSTATE = 16;
    static final int IFLA_LINKINFO = 18;
    static final int IFLA_IFALIAS = 20;
    static final int IFLA_NET_NS_FD = 28;
    static final int IFLA_EXT_MASK = 29;
    static final int IFLA_NUM_TX_QUEUES = 31;
    static final int IFLA_NUM_RX_QUEUES = 32;
    static final int IFLA_LINK_NETNSID = 37;
    static final int IFLA_XDP = 43;
    static final int IFLA_TARGET_NETNSID = 46;
    static final int RTEXT_FILTER_SKIP_STATS = 8;

    static final int IFLA_INFO_KIND = 1;
    static final int IFLA_INFO_DATA = 2;
    static final int VETH_INFO_PEER = 1;

    static final int IFLA_VXLAN_ID = 1;
    static final int IFLA_VXLAN_LINK = 3;
    static final int IFLA_VXLAN_LOCAL = 4;
    static final int IFLA_VXLAN_LEARNING = 7;
    static final int IFLA_VXLAN_PORT = 15;
    static final int IFLA_VXLAN_UDP_CSUM = 18;

    static final int IFLA_XDP_ATTACHED = 2;
    static final int IFLA_XDP_PROG_ID = 4;
    static final int IFLA_XDP_DRV_PROG_ID = 5;
    static final int IFLA_XDP_SKB_PROG_ID = 6;
    static final int IFLA_XDP_HW_PROG_ID = 7;
    static final int XDP_ATTACHED_NONE = 0;
    static final int XDP_ATTACHED_DRV = 1;
    static final int XDP_ATTACHED_SKB = 2;
    static final int XDP_ATTACHED_HW = 3;

    /** struct ifaddrmsg. */
    static final int SIZEOF_IFADDRMSG = 8;
    static final int IFA_FAMILY_OFFSET = 0;
    static final int IFA_PREFIXLEN_OFFSET = 1;
    static final int IFA_FLAGS_OFFSET = 2;
    static final int IFA_SCOPE_OFFSET = 3;
    static final int IFA_INDEX_OFFSET = 4;

    static final int IFA_ADDRESS = 1;
    static final int IFA_LOCAL = 2;
    static final int IFA_LABEL = 3;
    static final int IFA_FLAGS = 8;
    static final int IFA_TARGET_NETNSID = 10;

    /** struct rtmsg. */
    static final int SIZEOF_RTMSG = 12;
    static final int RTM_FAMILY_OFFSET = 0;
    static final int RTM_DST_LEN_OFFSET = 1;
    static final int RTM_SRC_LEN_OFFSET = 2;
    static final int RTM_TOS_OFFSET = 3;
    static final int RTM_TABLE_OFFSET = 4;
    static final int RTM_PROTOCOL_OFFSET = 5;
    static final int RTM_SCOPE_OFFSET = 6;
    static final int RTM_TYPE_OFFSET = 7;
    static final int RTM_FLAGS_OFFSET = 8;
    static final int RT_TABLE_COMPAT = 252; // the number does not fit, it is in RTA_TABLE
    static final int RT_SCOPE_NOWHERE = 255; // in a request to delete: any scope
    static final int RTM_F_CLONED = 0x200;
    static final int RTM_F_LOOKUP_TABLE = 0x1000;

    static final int RTA_DST = 1;
    static final int RTA_OIF = 4;
    static final int RTA_GATEWAY = 5;
    static final int RTA_PRIORITY = 6;
    static final int RTA_PREFSRC = 7;
    static final int RTA_METRICS = 8;
    static final int RTA_MULTIPATH = 9;
    static final int RTA_TABLE = 15;
    static final int RTA_VIA = 18;
    static final int RTAX_MTU = 2;

    /** struct rtnexthop, RTA_MULTIPATH's elements. */
    static final int SIZEOF_RTNEXTHOP = 8;
    static final int RTNH_LEN_OFFSET = 0;
    static final int RTNH_FLAGS_OFFSET = 2;
    static final int RTNH_HOPS_OFFSET = 3;
    static final int RTNH_IFINDEX_OFFSET = 4;

    /** struct fib_rule_hdr: as struct rtmsg, whose type is its action. */
    static final int SIZEOF_FIB_RULE_HDR = 12;
    static final int FR_ACT_TO_TBL = 1;
    static final int FIB_RULE_INVERT = 2;
    static final int FRA_DST = 1;
    static final int FRA_SRC = 2;
    static final int FRA_IIFNAME = 3;
    static final int FRA_PRIORITY = 6;
    static final int FRA_SUPPRESS_IFGROUP = 13;
    static final int FRA_SUPPRESS_PREFIXLEN = 14;
    static final int FRA_TABLE = 15;
    static final int FRA_PAD = 18;
    static final int FRA_PROTOCOL = 21;
    static final int FRA_IP_PROTO = 22;
    static final int FRA_DPORT_RANGE = 24;
    static final int SIZEOF_FIB_RULE_PORT_RANGE = 4;

    /** struct ndmsg. */
    static final int SIZEOF_NDMSG = 12;
    static final int NDM_FAMILY_OFFSET = 0;
    static final int NDM_IFINDEX_OFFSET = 4;
    static final int NDM_STATE_OFFSET = 8;
    static final int NDM_FLAGS_OFFSET = 10;

    static final int NDA_DST = 1;
    static final int NDA_LLADDR = 2;
    static final int NDA_IFINDEX = 8;
    static final int NDA_FLAGS_EXT = 15;

    private RtnetlinkAbi() {}
}
