package io.weft.dataplane.flowlog;

import io.weft.dataplane.capture.RingFile;

/**
 * A record in a ring of the {@link RingFile} named {@code flow-records}; the message type says whether of a start or an end. Words in machine
 * order, times of {@code System.nanoTime}'s clock:
 *
 * <pre>
 *    0  k0 of the forward entry (64 bits)      8  its k1 (64)      16  new source      20  new destination
 *   24  new source port and, in the lower half, new destination port                   28  egress
 *   32  state 8 bits | flags 8 bits | ingress 16 bits              36  ordinal of {@link FlowEndReason}
 *   40  first packet, milliseconds (64)       48  last packet, milliseconds, cut to the second (64)
 *   56  packets      64  bytes      72  packets of the replies      80  bytes of the replies (64 each)
 * </pre>
 */
final class FlowLogMessage {
    static final String NAME = "flow-records";
    static final RingFile.Kind KIND = new RingFile.Kind(NAME, 0x5745_4654_464C_4F47L); // "WEFTFLOG"
    static final int START = 1;
    static final int END = 2;

    static final int K0 = 0;
    static final int K1 = 8;
    static final int NEW_SOURCE = 16;
    static final int NEW_DESTINATION = 20;
    static final int NEW_PORTS = 24;
    static final int EGRESS = 28;
    static final int META = 32;
    static final int REASON = 36;
    static final int FIRST_MILLIS = 40;
    static final int LAST_MILLIS = 48;
    static final int PACKETS = 56;
    static final int BYTES = 64;
    static final int REPLY_PACKETS = 72;
    static final int REPLY_BYTES = 80;
    static final int LENGTH = 88;

    private FlowLogMessage() {
    }
}
