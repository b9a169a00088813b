package io.weft.dataplane.flowlog;

/**
 * What a time of {@code System.nanoTime}'s clock must be increased by to be one of the wall clock. It stays the same until the wall clock is
 * stepped: if it were measured again for every read, the start and the end of one flow would begin a millisecond apart.
 *
 * <p>Thread: one. Allocation: none.
 */
final class EpochOffset {
    /** Two readings of the clocks differ by less, even if the thread loses its processor between them; NTP steps by 128 ms or more. */
    private static final long STEP_MILLIS = 100;

    private long millis;

    EpochOffset(long wallMillis, long steadyMillis) {
        millis = wallMillis - steadyMillis;
    }

    /** The offset, by the clocks as they are now; both in milliseconds. */
    long at(long wallMillis, long steadyMillis) {
        long now = wallMillis - steadyMillis;
        if (Math.abs(now - millis) >= STEP_MILLIS) {
            millis = now;
        }
        return millis;
    }
}
