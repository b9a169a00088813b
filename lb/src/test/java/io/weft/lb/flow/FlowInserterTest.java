package io.weft.lb.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.lb.TestMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The race for which the second search exists: A passes a slot while it cannot be claimed, the slot becomes free, and B claims it while A
 * claims the next one. Runs the steps in every order, one at a time.
 */
class FlowInserterTest {
    private static final long K0 = FlowKey.k0(Flows.CLIENT, Flows.BACKEND);
    private static final long K1 = FlowKey.k1(1, 2, Flows.UDP);
    private static final int HASH = FlowHash.hash(K0, K1);
    private static final long MARK = SlotMark.claimed(FlowInserter.fingerprint(K0, K1));

    private final TestMemory memory = new TestMemory();
    private final FlowTable table = new Flows(memory, 100).table;
    private final FlowInserter inserter = new FlowInserter(table);
    private final long before = table.home(HASH);
    private final long behind = table.slot((HASH & table.mask()) + 1 & table.mask());

    @BeforeEach
    void bothHaveChosenTheirSlots() {
        set(before, SlotMark.deleted(1));
        assertEquals(behind, candidate());
        set(before, SlotMark.free(2));
        assertEquals(before, candidate());
    }

    @AfterEach
    void free() {
        memory.close();
    }

    @Test
    void theLaterSlotWithdrawsFromAnEarlierClaim() {
        assertEquals(before, claim(before));
        assertEquals(FlowInserter.AGAIN, claim(behind));
        assertEquals(MARK, word(before));
        assertTrue(SlotMark.isFree(word(behind)));
    }

    @Test
    void theLaterSlotAdoptsAnEarlierEntry() {
        assertEquals(before, claim(before));
        publish(before);
        assertEquals(before | FlowInserter.ADOPTED, claim(behind));
        assertTrue(SlotMark.isFree(word(behind)));
    }

    @Test
    void theEarlierSlotSeesALaterClaimThatWasConfirmedFirst() {
        assertEquals(behind, claim(behind));
        assertEquals(FlowInserter.AGAIN, claim(before));
        assertEquals(MARK, word(behind));
        assertTrue(SlotMark.isFree(word(before)));
    }

    @Test
    void theEarlierSlotAdoptsALaterEntry() {
        assertEquals(behind, claim(behind));
        publish(behind);
        assertEquals(behind | FlowInserter.ADOPTED, claim(before));
        assertTrue(SlotMark.isFree(word(before)));
    }

    @Test
    void theEarlierSlotStaysWhenTheLaterWithdraws() throws InterruptedException {
        set(behind, MARK);
        Thread rival = new Thread(() -> set(behind, SlotMark.free(0)));
        rival.start();
        long result = claim(before);
        rival.join();
        assertTrue(
            result == before && word(before) == MARK || result == FlowInserter.AGAIN && SlotMark.isFree(word(before)));
        assertEquals(before, result == before ? result : claim(before));
    }

    @Test
    void aSlotClaimedMeanwhileByAnotherKeyIsNotTaken() {
        set(before, SlotMark.claimed(12345));
        assertEquals(FlowInserter.AGAIN, claim(before));
        assertEquals(SlotMark.claimed(12345), word(before));
    }

    @Test
    void anEpochIsRestoredFromItsLowerHalf() {
        long current = (5L << 32) + 3;
        assertEquals(current, SlotMark.epoch(SlotMark.free(current), current));
        assertEquals(current - 10, SlotMark.epoch(SlotMark.deleted(current - 10), current));
    }

    private long candidate() {
        return inserter.candidate(MARK, HASH, K0, K1);
    }

    private long claim(long slot) {
        return inserter.claimCandidate(slot, MARK, HASH, K0, K1);
    }

    private static void publish(long slot) {
        Memory.putNativeI64(slot + FlowEntry.K0, K0);
        set(slot, K1);
    }

    private static void set(long slot, long word) {
        Memory.setVolatileI64(slot + FlowEntry.K1, word);
    }

    private static long word(long slot) {
        return Memory.getVolatileI64(slot + FlowEntry.K1);
    }
}
