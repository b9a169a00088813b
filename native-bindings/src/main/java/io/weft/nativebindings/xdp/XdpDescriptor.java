package io.weft.nativebindings.xdp;

/** Option bits of {@code struct xdp_desc}, and how an address is read from a UMEM of unaligned chunks. */
public final class XdpDescriptor {
    /** The frame goes on in the next descriptor; set on all of its descriptors but the last. */
    public static final int XDP_PKT_CONTD = 1;

    /** {@link TxMetadata} stands right before the frame; only on a frame's first descriptor. */
    public static final int XDP_TX_METADATA = 2;

    private static final long BASE_MASK = (1L << XdpAbi.XSK_UNALIGNED_BUF_OFFSET_SHIFT) - 1;

    private XdpDescriptor() {}

    /** Offset of the data in a UMEM of unaligned chunks, where the kernel keeps base and headroom apart in one word. */
    public static long unalignedOffset(long address) {
        return (address & BASE_MASK) + (address >>> XdpAbi.XSK_UNALIGNED_BUF_OFFSET_SHIFT);
    }
}
