package io.weft.dataplane.counters;

/** What is counted per port and worker. The worker counts frames; the conductor copies XDP_STATISTICS periodically. */
public enum PortCounter {
    RX_FRAMES("rx_frames"),
    RX_BYTES("rx_bytes"),
    TX_FRAMES("tx_frames"),
    TX_BYTES("tx_bytes"),
    /** Frames for which the transmit ring was full; they count as dropped frames too. */
    TX_REFUSED("tx_refused"),
    /** Frames that the port received and dropped itself, under one of the worker's reasons. */
    RX_DROPPED("rx_dropped"),
    XDP_RX_DROPPED("xdp_rx_dropped"), // struct xdp_statistics, <linux/if_xdp.h>
    XDP_RX_INVALID("xdp_rx_invalid"),
    XDP_TX_INVALID("xdp_tx_invalid"),
    XDP_RX_RING_FULL("xdp_rx_ring_full"),
    XDP_FILL_RING_EMPTY("xdp_fill_ring_empty"),
    XDP_TX_RING_EMPTY("xdp_tx_ring_empty");

    private static final PortCounter[] ALL = values();

    private final String label;

    PortCounter(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    public static int count() {
        return ALL.length;
    }
}
