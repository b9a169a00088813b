package io.weft.nativebindings.netlink;

/** Messages and attributes of the generic netlink family "ethtool": {@code <linux/ethtool_netlink.h>}. */
final class EthtoolAbi {
    static final String ETHTOOL_GENL_NAME = "ethtool";
    static final int ETHTOOL_GENL_VERSION = 1;

    static final int ETHTOOL_MSG_FEATURES_GET = 11;
    static final int ETHTOOL_MSG_FEATURES_SET = 12;
    static final int ETHTOOL_MSG_CHANNELS_GET = 17;
    static final int ETHTOOL_MSG_CHANNELS_SET = 18;

    static final int ETHTOOL_FLAG_OMIT_REPLY = 2;
    static final int ETHTOOL_A_HEADER_DEV_NAME = 2;
    static final int ETHTOOL_A_HEADER_FLAGS = 3;

    static final int ETHTOOL_A_BITSET_BITS = 3;
    static final int ETHTOOL_A_BITSET_BITS_BIT = 1;
    static final int ETHTOOL_A_BITSET_BIT_NAME = 2;
    static final int ETHTOOL_A_BITSET_BIT_VALUE = 3;

    static final int ETHTOOL_A_FEATURES_HEADER = 1;
    static final int ETHTOOL_A_FEATURES_HW = 2;
    static final int ETHTOOL_A_FEATURES_WANTED = 3;
    static final int ETHTOOL_A_FEATURES_ACTIVE = 4;
    static final int ETHTOOL_A_FEATURES_NOCHANGE = 5;

    static final int ETHTOOL_A_CHANNELS_HEADER = 1;
    static final int ETHTOOL_A_CHANNELS_RX_MAX = 2;
    static final int ETHTOOL_A_CHANNELS_TX_MAX = 3;
    static final int ETHTOOL_A_CHANNELS_OTHER_MAX = 4;
    static final int ETHTOOL_A_CHANNELS_COMBINED_MAX = 5;
    static final int ETHTOOL_A_CHANNELS_RX_COUNT = 6;
    static final int ETHTOOL_A_CHANNELS_TX_COUNT = 7;
    static final int ETHTOOL_A_CHANNELS_OTHER_COUNT = 8;
    static final int ETHTOOL_A_CHANNELS_COMBINED_COUNT = 9;

    private EthtoolAbi() {}
}
