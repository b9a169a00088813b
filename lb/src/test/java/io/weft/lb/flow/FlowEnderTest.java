package io.weft.lb.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.memory.Memory;
import io.weft.lb.TestMemory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Workers and the flow expiry end flows; each flow ends once. */
class FlowEnderTest {
    private static final int PORT = 40_000;

    private final TestMemory memory = new TestMemory();
    private final Flows flows = new Flows(memory, 64);
    private final FlowTable table = flows.table;
    private final List<Integer> endedPorts = new ArrayList<>();
    private final FlowEndListener listener = (forward, k0, k1) -> {
        assertEquals(Flows.BACKEND, FlowEntry.newDst(forward));
        endedPorts.add(FlowKey.sourcePort(k1));
    };
    private final FlowEnder ender = new FlowEnder(table, listener);
    private final FlowExpiry expiry = new FlowExpiry(table, FlowTimeouts.defaults(), flows.epochs, listener);

    @AfterEach
    void free() {
        memory.close();
    }

    @ParameterizedTest(name = "state {0}: {1}")
    @CsvSource({"1, false", "2, false", "3, false", "4, false", "5, false", "6, true", "7, true", "8, true", "9, false",
        "10, false", "11, false", "12, false", "13, false"})
    void onlyAFinishedConnectionIsEnded(int state, boolean finished) {
        long forward = flows.insertService(PORT, Flows.TCP, state);
        assertEquals(finished, ender.endFinished(forward));
        assertEquals(finished ? 0 : forward, flows.forward(PORT, Flows.TCP));
        assertEquals(finished, flows.reverse(PORT, Flows.TCP) == 0);
        assertEquals(finished ? 0 : 1, table.flows());
        assertEquals(finished ? 1 : 0, table.count(FlowCounter.REPLACED));
        assertEquals(finished ? List.of(PORT) : List.of(), endedPorts);
    }

    @Test
    void aFlowEndsOnceWhicheverSideItIsEndedFrom() {
        long forward = flows.insertService(PORT, Flows.TCP, FlowState.TIME_WAIT);
        long reverse = flows.reverse(PORT, Flows.TCP);
        assertTrue(ender.endFinished(reverse));
        assertFalse(ender.endFinished(reverse));
        assertFalse(ender.endFinished(forward));
        assertFalse(ender.endReplaced(forward));
        assertEquals(List.of(PORT), endedPorts);
        assertEquals(0, table.flows());
        assertEquals(1, table.count(FlowCounter.REPLACED));
    }

    @Test
    void aReplacedFlowMayBeInAnyState() {
        long forward = flows.insertService(PORT, Flows.TCP, FlowState.ESTABLISHED);
        assertTrue(ender.endReplaced(forward));
        assertEquals(List.of(PORT), endedPorts);
        assertEquals(0, flows.reverse(PORT, Flows.TCP));
    }

    @Test
    void theFlowExpiryIgnoresAFlowThatAWorkerHasEnded() {
        long forward = flows.insertService(PORT, Flows.TCP, FlowState.TIME_WAIT);
        expiry.scan(flows.now, table.slotCount(), each -> !ender.endFinished(forward));
        assertEquals(List.of(PORT), endedPorts);
        assertEquals(0, table.flows());
        assertEquals(1, table.count(FlowCounter.REPLACED));
        assertEquals(0, table.count(FlowCounter.INVALIDATED));
    }

    @Test
    void theSameFlowCanBeCreatedAgainAtOnceInOtherSlots() {
        long first = flows.insertService(PORT, Flows.TCP, FlowState.CLOSE);
        ender.endFinished(first);
        long second = flows.insertService(PORT, Flows.TCP, FlowState.SYN_SENT);
        assertTrue(second > 0);
        assertNotEquals(first, second);
        assertEquals(FlowState.CLOSE, FlowEntry.state(first));
        assertEquals(FlowState.SYN_SENT, FlowEntry.state(second));
    }

    /** An entry that a worker still holds after its flow ended must not change the flow that has its keys now. */
    @Test
    void anEndedFlowsEntriesHaveNoPeer() {
        long first = flows.insertService(PORT, Flows.TCP, FlowState.CLOSE);
        long firstReverse = flows.reverse(PORT, Flows.TCP);
        ender.endFinished(first);
        long second = flows.insertService(PORT, Flows.TCP, FlowState.ESTABLISHED);
        assertEquals(0, table.peer(first));
        assertEquals(0, table.peer(firstReverse));
        TcpTracker.onSegment(table, firstReverse, 4, 0, 0);
        assertEquals(FlowState.ESTABLISHED, FlowEntry.state(second));
    }

    @Test
    void slotsAreReusedTwoEpochsAfterTheFlowExpiryFoundThemDeleted() {
        for (int i = 0; i < 64; i++) {
            ender.endFinished(flows.insertService(i, Flows.TCP, FlowState.TIME_WAIT));
        }
        scanAll();
        scanAll();
        assertEquals(128, slotsThatAreNotEmpty());
        flows.epochs.advance();
        scanAll();
        assertEquals(128, slotsThatAreNotEmpty());
        flows.epochs.advance();
        scanAll();
        assertEquals(0, slotsThatAreNotEmpty());
    }

    private void scanAll() {
        expiry.scan(flows.now, table.slotCount(), null);
    }

    private int slotsThatAreNotEmpty() {
        int count = 0;
        for (int i = 0; i < table.slotCount(); i++) {
            count += Memory.nativeI64(table.slot(i) + FlowEntry.K1) == FlowTable.EMPTY ? 0 : 1;
        }
        return count;
    }
}
