package io.weft.dataplane.worker;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdleStrategyTest {
    private static final long PATIENCE_NANOS = 50_000;
    private static final long DAY_NANOS = 86_400_000_000_000L;

    /** The clock may stand anywhere, and {@code System.nanoTime} may wrap. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 1_000_000_000_000L, Long.MAX_VALUE, Long.MAX_VALUE - 10_000, Long.MIN_VALUE})
    void sleepsAfterFiftyMicrosecondsWithoutAFrame(long start) {
        IdleStrategy idle = new IdleStrategy(false);
        assertFalse(idle.waitOrSleep(start, false));
        assertFalse(idle.waitOrSleep(start + 19_999, false));
        assertFalse(idle.waitOrSleep(start + 20_000, false));
        assertFalse(idle.waitOrSleep(start + PATIENCE_NANOS - 1, false));
        assertTrue(idle.waitOrSleep(start + PATIENCE_NANOS, false));
        assertTrue(idle.waitOrSleep(start + DAY_NANOS, false));
    }

    @Test
    void aFrameRestartsTheTime() {
        IdleStrategy idle = new IdleStrategy(false);
        idle.waitOrSleep(0, false);
        assertTrue(idle.waitOrSleep(PATIENCE_NANOS, false));
        idle.reset();
        assertFalse(idle.waitOrSleep(DAY_NANOS, false));
        assertFalse(idle.waitOrSleep(DAY_NANOS + PATIENCE_NANOS - 1, false));
        assertTrue(idle.waitOrSleep(DAY_NANOS + PATIENCE_NANOS, false));
    }

    @ParameterizedTest
    @CsvSource({"true, false", "false, true", "true, true"})
    void neverSleepsWithBusyPollingOrAPollOnlyPort(boolean busyPoll, boolean pollOnly) {
        IdleStrategy idle = new IdleStrategy(busyPoll);
        assertFalse(idle.waitOrSleep(0, pollOnly));
        assertFalse(idle.waitOrSleep(PATIENCE_NANOS, pollOnly));
        assertFalse(idle.waitOrSleep(DAY_NANOS, pollOnly));
    }

    @Test
    void sleepsAgainOnceThePollOnlyPortIsGone() {
        IdleStrategy idle = new IdleStrategy(false);
        assertFalse(idle.waitOrSleep(0, true));
        assertFalse(idle.waitOrSleep(PATIENCE_NANOS, true));
        assertTrue(idle.waitOrSleep(PATIENCE_NANOS + 1, false));
    }
}
