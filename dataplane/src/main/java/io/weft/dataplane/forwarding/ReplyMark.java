package io.weft.dataplane.forwarding;

/**
 * Marks frames to the node's stack whose replies must come back to Weft although the node's routes lead them to the uplink: those of a client
 * outside the cluster to a process of the node that is a Service's endpoint. The mark is the source of the Ethernet header.
 */
public final class ReplyMark {
    /** A locally administered address. */
    public static final long MAC = 0x0257_4546_5401L;

    private ReplyMark() {
    }
}
