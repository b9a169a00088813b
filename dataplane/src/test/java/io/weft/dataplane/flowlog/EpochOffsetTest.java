package io.weft.dataplane.flowlog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** The offset is kept over readings that differ by chance, and follows a step of the wall clock. */
class EpochOffsetTest {
    private static final long OFFSET = 1_764_500_000_000L;

    @Test
    void readingsThatDifferByChanceChangeNothing() {
        EpochOffset offset = new EpochOffset(OFFSET + 500, 500);
        assertEquals(OFFSET, offset.at(OFFSET + 701, 700));
        assertEquals(OFFSET, offset.at(OFFSET + 899, 900));
        assertEquals(OFFSET, offset.at(OFFSET + 1060, 1000));
    }

    @Test
    void aStepOfTheWallClockIsFollowedBothWays() {
        EpochOffset offset = new EpochOffset(OFFSET, 0);
        assertEquals(OFFSET + 128, offset.at(OFFSET + 1128, 1000));
        assertEquals(OFFSET - 3_600_000, offset.at(OFFSET - 3_600_000 + 2000, 2000));
    }

    @Test
    void aClockThatIsSetAtBootIsFollowed() {
        EpochOffset offset = new EpochOffset(20, 20);
        assertEquals(OFFSET, offset.at(OFFSET + 30, 30));
    }
}
