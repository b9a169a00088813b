package io.weft.dataplane.frame;

/**
 * Asks the sending port to complete an L4 checksum whose field holds the folded pseudo-header sum: sum from {@code start} (bytes from the
 * frame's first byte) to the frame's end and store the complement at {@code start + offset}. These are the kernel's csum_start and
 * csum_offset (struct xsk_tx_metadata, {@code <linux/if_xdp.h>}).
 */
public final class ChecksumRequest {
    public static final long NONE = 0;

    private ChecksumRequest() {
    }

    public static long of(int start, int offset) {
        return (long) start << 16 | offset;
    }

    public static int start(long request) {
        return (int) (request >>> 16);
    }

    public static int offset(long request) {
        return (int) request & 0xFFFF;
    }
}
