package io.weft.nativebindings.xdp;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weft.nativebindings.linux.LinuxSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * {@code struct xdp_statistics} of one socket: numbers of frames since its creation. Only these counters show that a socket is overloaded.
 * Thread: one at a time; it need not be that of the rings.
 */
public final class XskStatistics {
    private final MemorySegment values = Arena.ofAuto().allocate(XdpAbi.STATISTICS_SIZE, Long.BYTES);

    /** Reads the current values. Returns 0 or -errno. */
    public int read(XskSocket socket) {
        return Math.min(0, LinuxSocket.getsockopt(socket.fd(), LinuxSocket.SOL_XDP, XdpAbi.XDP_STATISTICS, values));
    }

    /** Frames dropped for other reasons than those below, such as a frame of several buffers on a socket bound without XDP_USE_SG. */
    public long rxDropped() {
        return values.get(JAVA_LONG, XdpAbi.STATISTICS_RX_DROPPED);
    }

    /** As the kernel counts them. The kernel skips fill ring entries that are not valid chunks without counting them (seen on 6.18). */
    public long rxInvalidDescriptors() {
        return values.get(JAVA_LONG, XdpAbi.STATISTICS_RX_INVALID_DESCS);
    }

    /** Transmit descriptors that are outside a chunk, have unknown options, or belong to a frame of more than 18 descriptors. */
    public long txInvalidDescriptors() {
        return values.get(JAVA_LONG, XdpAbi.STATISTICS_TX_INVALID_DESCS);
    }

    /** Frames lost because the receive ring was full. */
    public long rxRingFull() {
        return values.get(JAVA_LONG, XdpAbi.STATISTICS_RX_RING_FULL);
    }

    /** How often the kernel needed a chunk and the fill ring was empty. */
    public long fillRingEmpty() {
        return values.get(JAVA_LONG, XdpAbi.STATISTICS_RX_FILL_RING_EMPTY_DESCS);
    }

    /** How often the kernel looked for a frame to send and the tx ring was empty. */
    public long txRingEmpty() {
        return values.get(JAVA_LONG, XdpAbi.STATISTICS_TX_RING_EMPTY_DESCS);
    }

    @Override
    public String toString() {
        return "rx_dropped=" + rxDropped() + " rx_invalid_descs=" + rxInvalidDescriptors() + " tx_invalid_descs="
            + txInvalidDescriptors() + " rx_ring_full=" + rxRingFull() + " rx_fill_ring_empty_descs="
            + fillRingEmpty() + " tx_ring_empty_descs=" + txRingEmpty();
    }
}
