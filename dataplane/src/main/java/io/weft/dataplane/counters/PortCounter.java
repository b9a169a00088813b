package io.weft.dataplane.counters;

/** What a port counts on each worker. Frames are counted by the port, the XDP_STATISTICS are copied by the conductor's timer. */
public enum PortCounter {
    RX_FRAMES("rx_frames"),
    RX_BYTES("rx_bytes"),
    TX_FRAMES("tx_frames"),
    TX_BYTES("tx_bytes"),
    /** Frames that found the transmit ring full; they count as dropped frames too. */
    TX_REFUSED("tx_refused"),
    /** Received by the port and dropped by it, under a reason of the worker. */
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
