package io.weft.perf.traffic;

import java.util.ArrayList;
import java.util.List;

/**
 * Sizes of test frames in the order in which they are sent, repeated. As in RFC 2544, a size counts the four bytes of the frame check
 * sequence, which neither a veth nor AF_XDP carries: a "64-byte frame" is 60 bytes in memory.
 *
 * @param name as the user gave it
 * @param pattern one cycle of sizes
 */
public record FrameSizes(String name, List<Integer> pattern) {
    public static final int FCS_LENGTH = 4;
    public static final int MIN = 64;
    /** The capacity of one page of a live frame, minus the room that the kernel reserves. */
    public static final int MAX = 3300;

    private static final String IMIX = "imix";
    /** Seven short, four middle, one long, spread over the cycle: simple IMIX of 7:4:1. */
    private static final int[] IMIX_PATTERN = {64, 594, 64, 64, 594, 64, 1518, 64, 594, 64, 594, 64};

    public FrameSizes {
        pattern = List.copyOf(pattern);
        for (int size : pattern) {
            if (size < MIN || size > MAX) {
                throw new IllegalArgumentException(
                    "frame size " + size + ": must be " + MIN + " to " + MAX + " bytes with the FCS");
            }
        }
    }

    public static FrameSizes of(int size) {
        return new FrameSizes(Integer.toString(size), List.of(size));
    }

    /** 7:4:1 of 64, 594 and 1518 bytes; the long ones are cut to {@code mtu}. */
    public static FrameSizes imix(int mtu) {
        List<Integer> pattern = new ArrayList<>();
        for (int size : IMIX_PATTERN) {
            pattern.add(Math.min(size, mtu + FrameTemplate.ETHERNET_LENGTH + FCS_LENGTH));
        }
        return new FrameSizes(IMIX, pattern);
    }

    /** A number of bytes, or {@code imix}. */
    public static FrameSizes parse(String text, int mtu) {
        if (text.equals(IMIX)) { return imix(mtu); }
        try {
            return of(Integer.parseInt(text));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("frame size '" + text + "': must be a number of bytes or imix", e);
        }
    }

    /** The sizes that occur, each once, longest first. */
    public List<Integer> distinct() {
        return pattern.stream().distinct().sorted((a, b) -> b - a).toList();
    }

    public int largest() {
        return distinct().getFirst();
    }

    /** Mean size with the FCS. */
    public double mean() {
        return pattern.stream().mapToInt(Integer::intValue).average().orElseThrow();
    }
}
