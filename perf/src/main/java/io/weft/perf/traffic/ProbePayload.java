package io.weft.perf.traffic;

/**
 * The payload of every test frame behind its UDP header, big-endian: a magic number, the frame's sequence group, its number in that group,
 * and the time at which it was due. It just fits the shortest Ethernet frame.
 */
public final class ProbePayload {
    public static final int MAGIC = 0x57_65_66_74; // "Weft"
    public static final int LENGTH = 18;
    public static final int MAGIC_OFFSET = 0;
    public static final int GROUP_OFFSET = 4;
    public static final int SEQUENCE_OFFSET = 6;
    /** Nanoseconds of CLOCK_MONOTONIC, which System.nanoTime also reads, so sender and receiver on one machine share it. */
    public static final int TIME_OFFSET = 10;

    private ProbePayload() {}
}
