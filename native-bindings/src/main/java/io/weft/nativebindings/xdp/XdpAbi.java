package io.weft.nativebindings.xdp;

/** Constants and layouts of {@code <linux/if_xdp.h>} as of Linux 6.18; sizes and offsets are in bytes. */
final class XdpAbi {
    static final int XDP_MMAP_OFFSETS = 1;
    static final int XDP_RX_RING = 2;
    static final int XDP_TX_RING = 3;
    static final int XDP_UMEM_REG = 4;
    static final int XDP_UMEM_FILL_RING = 5;
    static final int XDP_UMEM_COMPLETION_RING = 6;
    static final int XDP_STATISTICS = 7;
    static final int XDP_OPTIONS = 8;
    static final int XDP_MAX_TX_SKB_BUDGET = 9;
    static final int XDP_OPTIONS_ZEROCOPY = 1;

    static final long XDP_PGOFF_RX_RING = 0;
    static final long XDP_PGOFF_TX_RING = 0x80000000L;
    static final long XDP_UMEM_PGOFF_FILL_RING = 0x100000000L;
    static final long XDP_UMEM_PGOFF_COMPLETION_RING = 0x180000000L;

    static final int XDP_UMEM_UNALIGNED_CHUNK_FLAG = 1;
    static final int XDP_UMEM_TX_METADATA_LEN = 4;
    static final int XDP_RING_NEED_WAKEUP = 1;
    static final int XSK_UNALIGNED_BUF_OFFSET_SHIFT = 48;

    /** {@code struct xdp_umem_reg}. */
    static final int UMEM_REG_SIZE = 32;

    static final int UMEM_REG_ADDR = 0;
    static final int UMEM_REG_LEN = 8;
    static final int UMEM_REG_CHUNK_SIZE = 16;
    static final int UMEM_REG_HEADROOM = 20;
    static final int UMEM_REG_FLAGS = 24;
    static final int UMEM_REG_TX_METADATA_LEN = 28;

    /** {@code struct xdp_mmap_offsets}: four of {@code struct xdp_ring_offset}. */
    static final int MMAP_OFFSETS_SIZE = 128;

    static final int MMAP_OFFSETS_RX = 0;
    static final int MMAP_OFFSETS_TX = 32;
    static final int MMAP_OFFSETS_FILL = 64;
    static final int MMAP_OFFSETS_COMPLETION = 96;

    /** {@code struct xdp_ring_offset}. */
    static final int RING_OFFSET_SIZE = 32;

    static final int RING_OFFSET_PRODUCER = 0;
    static final int RING_OFFSET_CONSUMER = 8;
    static final int RING_OFFSET_DESC = 16;
    static final int RING_OFFSET_FLAGS = 24;

    /** {@code struct sockaddr_xdp}. */
    static final int SOCKADDR_SIZE = 16;

    static final int SOCKADDR_FAMILY = 0;
    static final int SOCKADDR_FLAGS = 2;
    static final int SOCKADDR_IFINDEX = 4;
    static final int SOCKADDR_QUEUE_ID = 8;
    static final int SOCKADDR_SHARED_UMEM_FD = 12;

    /** {@code struct xdp_desc}. */
    static final int DESC_SIZE = 16;

    static final int DESC_ADDR = 0;
    static final int DESC_LEN = 8;
    static final int DESC_OPTIONS = 12;

    /** An entry of the fill and completion rings: {@code __u64}. */
    static final int UMEM_ENTRY_SIZE = 8;

    /** {@code struct xdp_statistics}. */
    static final int STATISTICS_SIZE = 48;

    static final int STATISTICS_RX_DROPPED = 0;
    static final int STATISTICS_RX_INVALID_DESCS = 8;
    static final int STATISTICS_TX_INVALID_DESCS = 16;
    static final int STATISTICS_RX_RING_FULL = 24;
    static final int STATISTICS_RX_FILL_RING_EMPTY_DESCS = 32;
    static final int STATISTICS_TX_RING_EMPTY_DESCS = 40;

    private XdpAbi() {}
}
