package io.weft.perf.traffic;

import java.util.Arrays;

/**
 * Classifies the numbers of one sequence as they arrive: new, duplicate, or late. A frame is late (reordered) if its number is below one
 * already seen (RFC 4737 section 3.3). Duplicates are distinguished from late frames within the last {@link #WINDOW} numbers; older numbers
 * count as late. Numbers are 32 bits and wrap. One thread. Allocation: none.
 */
public final class SequenceTracker {
    public static final int WINDOW = 1 << 16;
    private static final int WORDS = WINDOW / Long.SIZE;
    private static final long LOW_32 = 0xFFFF_FFFFL;

    private final long[] seen = new long[WORDS];
    private long next;
    private long received;
    private long reordered;
    private long duplicated;

    /** Counts one frame's number. */
    public void record(int sequence) {
        long number = next + (sequence - (int) (next & LOW_32));
        if (number >= next) {
            advanceTo(number);
            received++;
        } else if (next - number > WINDOW || number < 0) {
            received++;
            reordered++;
        } else if (isSeen(number)) {
            duplicated++;
        } else {
            mark(number);
            received++;
            reordered++;
        }
    }

    private void advanceTo(long number) {
        if (number - next >= WINDOW) {
            Arrays.fill(seen, 0);
        } else {
            for (long skipped = next; skipped < number; skipped++) {
                seen[word(skipped)] &= ~bit(skipped);
            }
        }
        mark(number);
        next = number + 1;
    }

    private void mark(long number) {
        seen[word(number)] |= bit(number);
    }

    private boolean isSeen(long number) {
        return (seen[word(number)] & bit(number)) != 0;
    }

    private static int word(long number) {
        return (int) (number & WINDOW - 1) / Long.SIZE;
    }

    private static long bit(long number) {
        return 1L << number;
    }

    /** Different frames. */
    public long received() {
        return received;
    }

    public long reordered() {
        return reordered;
    }

    /** Frames beyond the first with the same number. */
    public long duplicated() {
        return duplicated;
    }

    /** Numbers below the highest seen that are missing. Only the sender knows what was lost after that. */
    public long missing() {
        return next - received;
    }
}
