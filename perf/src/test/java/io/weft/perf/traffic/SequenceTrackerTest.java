package io.weft.perf.traffic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SequenceTrackerTest {
    private final SequenceTracker tracker = new SequenceTracker();

    @Test
    void aWholeSequenceInOrderIsAllReceived() {
        for (int i = 0; i < 200_000; i++) {
            tracker.record(i);
        }
        assertCounts(200_000, 0, 0, 0);
    }

    @Test
    void gapsAreMissing() {
        record(0, 1, 5, 6);
        assertCounts(4, 0, 0, 3);
    }

    @Test
    void aFrameBehindAHigherOneIsReorderedAndNoLongerMissing() {
        record(0, 2, 1, 3);
        assertCounts(4, 1, 0, 0);
    }

    @Test
    void aRepeatedFrameIsADuplicateInOrderOrNot() {
        record(0, 0, 1, 2, 3, 1, 1);
        assertCounts(4, 0, 3, 0);
    }

    @Test
    void aRepeatedReorderedFrameIsADuplicate() {
        record(0, 3, 1, 1, 2);
        assertCounts(4, 2, 1, 0);
    }

    @Test
    void aNumberIsNotConfusedWithTheOneAWindowEarlier() {
        record(0, SequenceTracker.WINDOW + 10, 10, 11);
        assertCounts(4, 2, 0, SequenceTracker.WINDOW + 11 - 4);
    }

    @Test
    void aGapLongerThanTheWindowForgetsWhatWasSeen() {
        record(0, 1, 2, 3 * SequenceTracker.WINDOW, 3 * SequenceTracker.WINDOW - 5);
        assertCounts(5, 1, 0, 3L * SequenceTracker.WINDOW + 1 - 5);
    }

    @Test
    void numbersBelowTheWindowAreLate() {
        record(0, SequenceTracker.WINDOW * 2, 0);
        assertCounts(3, 1, 0, SequenceTracker.WINDOW * 2L + 1 - 3);
    }

    private void record(int... numbers) {
        for (int number : numbers) {
            tracker.record(number);
        }
    }

    private void assertCounts(long received, long reordered, long duplicated, long missing) {
        assertEquals(received, tracker.received(), "received");
        assertEquals(reordered, tracker.reordered(), "reordered");
        assertEquals(duplicated, tracker.duplicated(), "duplicated");
        assertEquals(missing, tracker.missing(), "missing");
    }
}
