package io.weft.nativebindings.netlink;

/** Netlink message framing: {@code <linux/netlink.h>} and {@code <linux/genetlink.h>}. All fields are in host byte order. */
final class NetlinkAbi {
    static final int NETLINK_ROUTE = 0;
    static final int NETLINK_GENERIC = 16;

    static final int SIZEOF_NLMSGHDR = 16;
    static final int NLMSG_LEN_OFFSET = 0;
    static final int NLMSG_TYPE_OFFSET = 4;
    static final int NLMSG_FLAGS_OFFSET = 6;
    static final int NLMSG_SEQ_OFFSET = 8;
    static final int NLMSG_ALIGNTO = 4;

    static final int NLM_F_REQUEST = 0x01;
    static final int NLM_F_ACK = 0x04;
    static final int NLM_F_DUMP_INTR = 0x10;
    static final int NLM_F_DUMP = 0x300;
    static final int NLM_F_REPLACE = 0x100;
    static final int NLM_F_EXCL = 0x200;
    static final int NLM_F_CREATE = 0x400;
    static final int NLM_F_CAPPED = 0x100;
    static final int NLM_F_ACK_TLVS = 0x200;

    static final int NLMSG_NOOP = 1;
    static final int NLMSG_ERROR = 2;
    static final int NLMSG_DONE = 3;
    static final int NLMSG_OVERRUN = 4;

    static final int SIZEOF_NLMSGERR = 20;
    static final int NLMSGERR_ATTR_MSG = 1;

    static final int SOL_NETLINK = 270;
    static final int NETLINK_CAP_ACK = 10;
    static final int NETLINK_EXT_ACK = 11;
    static final int NETLINK_GET_STRICT_CHK = 12;

    static final int SIZEOF_SOCKADDR_NL = 12;
    static final int NL_GROUPS_OFFSET = 8;

    static final int SIZEOF_NLATTR = 4;
    static final int NLA_F_NESTED = 0x8000;
    static final int NLA_TYPE_MASK = ~0xc000;

    static final int SIZEOF_GENLMSGHDR = 4;
    static final int GENL_ID_CTRL = 16;
    static final int CTRL_CMD_GETFAMILY = 3;
    static final int CTRL_ATTR_FAMILY_ID = 1;
    static final int CTRL_ATTR_FAMILY_NAME = 2;

    private NetlinkAbi() {}
}
