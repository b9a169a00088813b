package io.weft.nativebindings.xdp;

/** Option bits of {@code struct xdp_desc}, and the encoding of addresses in a UMEM with unaligned chunks. */
public final class XdpDescriptor {
    /** The frame continues in the next descriptor. Set in all descriptors of a frame except the last. */
    public static final int XDP_PKT_CONTD = 1;

    /** {@link TxMetadata} is directly before the frame. Only in a frame's first descriptor. */
    public static final int XDP_TX_METADATA = 2;

    private static final long BASE_MASK = (1L << XdpAbi.XSK_UNALIGNED_BUF_OFFSET_SHIFT) - 1;

    private XdpDescriptor() {}

    /**
     * Offset of the data in a UMEM with unaligned chunks, where the kernel stores the chunk's start and the offset from there separately in
     * one word.
     */
    public static long unalignedOffset(long address) {
        return (address & BASE_MASK) + (address >>> XdpAbi.XSK_UNALIGNED_BUF_OFFSET_SHIFT);
    }
}
