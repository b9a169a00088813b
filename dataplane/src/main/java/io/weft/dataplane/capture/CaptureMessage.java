package io.weft.dataplane.capture;

/**
 * A captured frame in a ring of the {@link RingFile} named {@code capture}. Words in machine order:
 *
 * <pre>
 *    0  time, nanoseconds since 1970 (64 bits)    8  port id    12  {@link #IN} or {@link #OUT}
 *   16  ordinal of the drop reason, or -1         20  bytes of the frame    24  the frame's first bytes
 * </pre>
 */
public final class CaptureMessage {
    public static final RingFile.Kind KIND = new RingFile.Kind("capture", 0x5745_4654_4341_5054L); // "WEFTCAPT"
    public static final int IN = 1;
    public static final int OUT = 2;

    static final int TYPE = 1;
    static final int TIME = 0;
    static final int PORT = 8;
    static final int DIRECTION = 12;
    static final int REASON = 16;
    static final int LENGTH = 20;
    static final int BYTES = 24;
    static final int NOT_DROPPED = -1;

    private CaptureMessage() {
    }
}
