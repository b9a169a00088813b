package io.weft.lb.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.memory.Memory;
import io.weft.lb.TestMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlowExpiryTest {
    private final TestMemory memory = new TestMemory();
    private final Flows flows = new Flows(memory, 64);
    private final FlowTable table = flows.table;
    private final List<Integer> endedPorts = new ArrayList<>();
    private final FlowExpiry expiry = new FlowExpiry(table, FlowTimeouts.defaults(), flows.epochs,
        (forward, k0, k1) -> {
            assertEquals(Flows.BACKEND, FlowEntry.newDst(forward));
            endedPorts.add(FlowKey.sourcePort(k1));
        });

    @AfterEach
    void free() {
        memory.close();
    }

    @ParameterizedTest(name = "{0} after {1} s")
    @CsvSource({"1, 30", "2, 30", "3, 86400", "4, 120", "5, 3600", "6, 30", "7, 120", "8, 10", "9, 30", "10, 30",
        "11, 30", "12, 30",
        "13, 600", "14, 120"})
    void aFlowEndsAfterTheTimeoutOfItsState(int state, int seconds) {
        flows.insertService(7, Flows.TCP, state);
        assertEquals(0, scanAll(flows.now + seconds - 1));
        assertNotEquals(0, flows.forward(7, Flows.TCP));
        assertEquals(1, scanAll(flows.now + seconds));
        assertEquals(0, flows.forward(7, Flows.TCP));
        assertEquals(0, flows.reverse(7, Flows.TCP));
        assertEquals(List.of(7), endedPorts);
        assertEquals(0, table.flows());
        assertEquals(1, table.count(FlowCounter.EXPIRED));
    }

    @Test
    void anEmptyTableIsNotScannedUntilItHasAFlowAgain() {
        for (int pass = 0; pass < 3; pass++) {
            assertEquals(0, scanAll(flows.now));
        }
        long passes = expiry.passes();
        scanAll(flows.now);
        assertTrue(expiry.passes() > passes);
        flows.insertService(7, Flows.TCP, FlowState.SYN_SENT);
        assertEquals(1, scanAll(flows.now + 30));
        scanAll(flows.now + 30);
        assertEquals(0, flows.forward(7, Flows.TCP));
        assertEquals(0, table.flows());
    }

    @Test
    void eitherDirectionKeepsTheFlow() {
        flows.insertService(7, Flows.UDP, FlowState.UDP_STREAM);
        FlowEntry.account(flows.reverse(7, Flows.UDP), 100, flows.now + 100);
        assertEquals(0, scanAll(flows.now + 219));
        assertEquals(1, scanAll(flows.now + 220));
    }

    @Test
    void aLastSeenTimeInTheFutureEndsNothing() {
        flows.insertService(7, Flows.UDP, FlowState.UDP_STREAM);
        FlowEntry.account(flows.forward(7, Flows.UDP), 100, flows.now + 1);
        assertEquals(0, scanAll(flows.now));
    }

    @Test
    void aSearchByDestinationRevalidatesTheForwardEntriesOfFlowsToIt() {
        flows.insertService(7, Flows.UDP, FlowState.UDP_STREAM);
        flows.insertPlain(Flows.CLIENT, 0x0A60_000B, 7, 80, Flows.UDP);
        flows.insertPlain(Flows.VIP, Flows.CLIENT, 9, 9, Flows.UDP); // its reply's destination is the VIP
        DestinationSet destinations = new DestinationSet();
        destinations.add(Flows.VIP);
        List<Integer> visited = new ArrayList<>();
        FlowExpiry.Revalidator none = forward -> {
            visited.add(FlowKey.destination(FlowEntry.k0(forward)));
            return false;
        };
        assertEquals(1, expiry.revalidate(0, table.slotCount(), destinations, none));
        assertEquals(List.of(Flows.VIP), visited);
        assertEquals(List.of(7), endedPorts);
        assertEquals(0, flows.forward(7, Flows.UDP));
        assertEquals(2, table.flows());
        assertEquals(0, expiry.revalidate(0, table.slotCount(), destinations, none));
        destinations.clear();
        assertEquals(0, expiry.revalidate(0, table.slotCount(), destinations, none));
    }

    @Test
    void allOfTheLoopbackNetworkIsOneDestination() {
        DestinationSet destinations = new DestinationSet();
        destinations.add(0x7F00_0001);
        assertTrue(destinations.containsTag(DestinationSet.tag(0x7F12_3456)));
        destinations.clear();
        destinations.addEverything();
        for (int address : new int[]{0, 0x7F00_0001, -1, Flows.VIP}) {
            assertTrue(destinations.containsTag(DestinationSet.tag(address)));
        }
        assertFalse(destinations.containsTag(0));
    }

    @Test
    void revalidationEndsFlowsTheTablesNoLongerAllow() {
        flows.insertService(7, Flows.UDP, FlowState.UDP_STREAM);
        flows.insertService(8, Flows.UDP, FlowState.UDP_STREAM);
        assertEquals(1, expiry.scan(flows.now, table.slotCount(), forward -> FlowEntry.newSport(forward) != 7));
        assertEquals(List.of(7), endedPorts);
        assertNotEquals(0, flows.forward(8, Flows.UDP));
        assertEquals(1, table.count(FlowCounter.INVALIDATED));
    }

    @Test
    void halfOpenFlowsMakeRoomForOthersWhenTheTableIsNearlyFull() {
        for (int i = 0; i < 56; i++) {
            flows.insertService(i, Flows.TCP, i < 10 ? FlowState.ESTABLISHED : FlowState.SYN_SENT);
        }
        assertEquals(0, scanAll(flows.now + 1));
        assertEquals(46, scanAll(flows.now + 2));
        assertEquals(46, table.count(FlowCounter.EVICTED));
        for (int i = 0; i < 10; i++) {
            assertNotEquals(0, flows.forward(i, Flows.TCP));
        }
    }

    @Test
    void belowTheHighWaterMarkHalfOpenFlowsKeepTheirTime() {
        for (int i = 0; i < 55; i++) {
            flows.insertService(i, Flows.TCP, FlowState.SYN_SENT);
        }
        assertEquals(0, scanAll(flows.now + 29));
    }

    @Test
    void theTableAcceptsFlowsAgainAsSoonAsSomeHaveEnded() {
        for (int i = 0; i < 64; i++) {
            assertTrue(flows.insertService(i, Flows.TCP, FlowState.TIME_WAIT) > 0);
        }
        assertEquals(FlowTable.CT_FULL, flows.insertService(64, Flows.TCP, FlowState.SYN_SENT));
        assertEquals(64, scanAll(flows.now + 120));
        flows.epochs.advance();
        scanAll(flows.now + 120);
        for (int i = 100; i < 164; i++) {
            assertTrue(flows.insertService(i, Flows.TCP, FlowState.SYN_SENT) > 0, "flow " + i);
        }
        assertEquals(1, table.count(FlowCounter.REFUSED_FULL));
    }

    @Test
    void anEndedFlowsSlotIsUntouchedUntilAnEpochHasPassed() {
        long forward = flows.insertService(7, Flows.UDP, FlowState.UDP_UNREPLIED);
        scanAll(flows.now + 30);
        scanAll(flows.now + 30);
        scanAll(flows.now + 30);
        for (int i = 0; i < 60; i++) {
            flows.insertService(7 + i, Flows.UDP, FlowState.UDP_UNREPLIED);
        }
        assertEquals(Flows.BACKEND, FlowEntry.newDst(forward));
        assertEquals(7, FlowEntry.newSport(forward));
        assertEquals(0, FlowKey.protocol(FlowEntry.k1(forward)));
    }

    @Test
    void theSameFlowCanBeCreatedAgainAtOnce() {
        long first = flows.insertService(7, Flows.UDP, FlowState.UDP_UNREPLIED);
        scanAll(flows.now + 30);
        long second = flows.insertService(7, Flows.UDP, FlowState.UDP_UNREPLIED);
        assertTrue(second > 0 && second != first);
        assertEquals(second, flows.forward(7, Flows.UDP));
    }

    @Test
    void everySlotIsEmptyTwoEpochsAfterTheLastFlow() {
        for (int i = 0; i < 64; i++) {
            flows.insertService(i, Flows.UDP, FlowState.UDP_UNREPLIED);
        }
        scanAll(flows.now + 30);
        scanAll(flows.now + 30);
        assertEquals(128, slotsThatAreNotEmpty());
        flows.epochs.advance();
        scanAll(flows.now + 30);
        assertEquals(128, slotsThatAreNotEmpty());
        flows.epochs.advance();
        scanAll(flows.now + 30);
        assertEquals(0, slotsThatAreNotEmpty());
    }

    @Test
    void aPassIsCountedWhenEverySlotWasVisited() {
        expiry.scan(0, table.slotCount() - 1, null);
        assertEquals(0, expiry.passes());
        expiry.scan(0, 1, null);
        assertEquals(1, expiry.passes());
    }

    @Test
    void thousandsOfRandomInsertionsAndEndsLoseNoFlow() {
        Flows many = new Flows(memory, 2000);
        FlowExpiry scanning = new FlowExpiry(many.table, FlowTimeouts.defaults(), many.epochs, (forward, k0, k1) -> {
        });
        boolean[] alive = new boolean[4000];
        int[] since = new int[4000];
        Random random = new Random(7);
        for (int second = 1; second < 600; second++) {
            many.now++;
            for (int i = 0; i < 60; i++) {
                int port = random.nextInt(4000);
                long result = many.insertService(port, Flows.UDP, FlowState.UDP_UNREPLIED);
                if (result > 0 && !FlowTable.isAdopted(result)) {
                    since[port] = many.now;
                    alive[port] = true;
                }
            }
            many.epochs.advance();
            scanning.scan(many.now, many.table.slotCount(), null);
            for (int port = 0; port < 4000; port++) {
                alive[port] &= many.now - since[port] < 30;
                assertEquals(alive[port], many.forward(port, Flows.UDP) != 0);
                assertEquals(alive[port], many.reverse(port, Flows.UDP) != 0);
            }
        }
        assertEquals(0, many.table.count(FlowCounter.REFUSED_FULL));
    }

    private int scanAll(int now) {
        return expiry.scan(now, table.slotCount(), null);
    }

    private int slotsThatAreNotEmpty() {
        int count = 0;
        for (int i = 0; i < table.slotCount(); i++) {
            count += Memory.nativeI64(table.slot(i) + FlowEntry.K1) == FlowTable.EMPTY ? 0 : 1;
        }
        return count;
    }
}
