package io.weft.dataplane.trace;

import io.weft.dataplane.capture.RingFile;

/**
 * A traced frame in a ring of the {@link RingFile} named {@code trace}. Words in machine order:
 *
 * <pre>
 *    0  time, nanoseconds since 1970 (64 bits)
 *    8  the nodes that the frame has visited: bit i is the node with ordinal i (64 bits)
 *   16  port id      20  flags      24  ordinal of the drop reason, or -1      28  bytes of the frame
 *   32  bytes of it that follow at {@link #HEADER}     36  frames that left     40  how many of them follow the received frame
 * then for each frame that left
 *    0  port id       4  flags       8  bytes of the frame     12  bytes of it that follow
 * </pre>
 *
 * Whatever follows a frame's bytes begins at a multiple of 8.
 */
public final class TraceMessage {
    public static final RingFile.Kind KIND = new RingFile.Kind("trace", 0x5745_4654_5452_4143L); // "WEFTTRAC"

    /** Bytes of each frame that are kept: the headers, also those of a tunnel. */
    public static final int SNAP_LENGTH = 192;
    /** Frames that left, as fragments do, of which a message has room for the headers. */
    public static final int MAX_SENT = 4;

    static final int TYPE = 1;
    static final int TIME = 0;
    static final int NODES = 8;
    static final int PORT = 16;
    static final int FLAGS = 20;
    static final int REASON = 24;
    static final int LENGTH = 28;
    static final int COPIED = 32;
    static final int SENT = 36;
    static final int SENT_COPIED = 40;
    static final int HEADER = 48;

    static final int SENT_PORT = 0;
    static final int SENT_FLAGS = 4;
    static final int SENT_LENGTH = 8;
    static final int SENT_BYTES_COPIED = 12;
    static final int SENT_HEADER = 16;

    /** Flag of the received frame: the fast path has finished it. */
    static final int FAST_PATH = 1;
    /** Flag of a frame that left: the device completes its checksum. */
    static final int CHECKSUM_REQUESTED = 1;
    static final int NOT_DROPPED = -1;

    static final int MAX_LENGTH = HEADER + SNAP_LENGTH + MAX_SENT * (SENT_HEADER + SNAP_LENGTH);

    private TraceMessage() {
    }

    static int aligned(int bytes) {
        return bytes + 7 & -8;
    }
}
