package io.weft.nativebindings.bpf;

/** Results of an XDP program ({@code enum xdp_action}), and the fields of its context ({@code struct xdp_md}). */
public final class XdpAction {
    public static final int XDP_ABORTED = 0;
    public static final int XDP_DROP = 1;
    public static final int XDP_PASS = 2;
    public static final int XDP_TX = 3;
    public static final int XDP_REDIRECT = 4;

    /** Offsets of the fields in the context; each is a word. */
    public static final int CONTEXT_DATA = 0;

    public static final int CONTEXT_DATA_END = 4;
    public static final int CONTEXT_INGRESS_IFINDEX = 12;
    public static final int CONTEXT_RX_QUEUE_INDEX = 16;

    private XdpAction() {}
}
