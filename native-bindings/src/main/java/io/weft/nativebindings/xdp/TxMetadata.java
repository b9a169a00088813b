package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/**
 * {@code struct xsk_tx_metadata} of {@code <linux/if_xdp.h>}: a request to the device, or in copy mode to the kernel. It is in the
 * {@link #LENGTH} bytes before a frame whose first descriptor has {@link XdpDescriptor#XDP_TX_METADATA}. The UMEM must be registered for
 * it. Linux 6.8. Allocation: none.
 */
public final class TxMetadata {
    public static final int LENGTH = 24;
    public static final int XDP_TXMD_FLAGS_CHECKSUM = 2;

    private static final int FLAGS = 0;
    private static final int CSUM_START = 8;
    private static final int CSUM_OFFSET = 10;
    private static final int RESERVED = 12;
    private static final int LAUNCH_TIME = 16;

    private TxMetadata() {}

    /**
     * Requests the L4 checksum of this frame. Its checksum field must hold the folded sum of the pseudo-header, not complemented.
     *
     * @param frame native address of the frame's first byte
     * @param start bytes from there to the L4 header
     * @param offset bytes from the L4 header to its checksum field: 16 for TCP, 6 for UDP
     */
    public static void requestChecksum(long frame, int start, int offset) {
        long at = frame - LENGTH;
        NativeMemory.putLong(at + FLAGS, XDP_TXMD_FLAGS_CHECKSUM);
        NativeMemory.putShort(at + CSUM_START, (short) start);
        NativeMemory.putShort(at + CSUM_OFFSET, (short) offset);
        NativeMemory.putInt(at + RESERVED, 0);
        NativeMemory.putLong(at + LAUNCH_TIME, 0);
    }
}
