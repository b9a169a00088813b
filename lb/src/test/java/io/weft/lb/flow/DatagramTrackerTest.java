package io.weft.lb.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.lb.TestMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DatagramTrackerTest {
    private static final int PORT = 40_000;

    private final TestMemory memory = new TestMemory();
    private final Flows flows = new Flows(memory, 64);
    private final int born = flows.now * 1000;
    private final long forward = flows.insertService(PORT, Flows.UDP, FlowState.UDP_UNREPLIED);
    private final long reverse = flows.table.peer(forward);
    private final FlowExpiry expiry = new FlowExpiry(flows.table, FlowTimeouts.defaults(), flows.epochs,
        (entry, k0, k1) -> {});

    @AfterEach
    void free() {
        memory.close();
    }

    @Test
    void aFlowWithoutAReplyNeverBecomesAStream() {
        packet(forward, 1);
        packet(forward, 60_000);
        assertState(FlowState.UDP_UNREPLIED);
    }

    @Test
    void theFirstReplyAloneMakesNoStream() {
        packet(reverse, 29_000);
        assertState(FlowState.UDP_REPLIED);
    }

    @Test
    void packetsOfTheFirstTwoSecondsMakeNoStream() {
        packet(reverse, 1);
        packet(forward, 1500);
        packet(reverse, 2000);
        assertState(FlowState.UDP_REPLIED);
    }

    @Test
    void aPacketOfEitherDirectionAfterTwoSecondsMakesAStream() {
        packet(reverse, 1);
        packet(forward, 2001);
        assertState(FlowState.UDP_STREAM);
        packet(reverse, 2002);
        assertState(FlowState.UDP_STREAM);
        long other = flows.insertService(PORT + 1, Flows.UDP, FlowState.UDP_UNREPLIED);
        long replies = flows.table.peer(other);
        packet(replies, 1);
        packet(replies, 2001);
        assertEquals(FlowState.UDP_STREAM, FlowEntry.state(other));
    }

    @Test
    void theClockMayWrapAroundDuringTheFlow() {
        flows.now = Integer.MAX_VALUE / 1000;
        long late = flows.insertService(PORT + 1, Flows.UDP, FlowState.UDP_UNREPLIED);
        long replies = flows.table.peer(late);
        int then = flows.now * 1000;
        DatagramTracker.onPacket(flows.table, replies, then + 1);
        DatagramTracker.onPacket(flows.table, late, then + 1999);
        assertEquals(FlowState.UDP_REPLIED, FlowEntry.state(late));
        DatagramTracker.onPacket(flows.table, late, then + 2001);
        assertEquals(FlowState.UDP_STREAM, FlowEntry.state(late));
    }

    @Test
    void aRequestAndItsReplyExpireAfterThirtySecondsAndAStreamAfterTwoMinutes() {
        packet(reverse, 1);
        long stream = flows.insertService(PORT + 1, Flows.UDP, FlowState.UDP_UNREPLIED);
        packet(flows.table.peer(stream), 1);
        packet(stream, 2500);
        assertEquals(0, scan(29));
        assertEquals(1, scan(30));
        assertEquals(0, flows.forward(PORT, Flows.UDP));
        assertEquals(0, scan(119));
        assertEquals(1, scan(120));
    }

    @Test
    void otherProtocolsHaveOneState() {
        long echo = flows.insertPlain(Flows.CLIENT, Flows.BACKEND, 7, 7, Flows.ICMP);
        int state = FlowEntry.state(echo);
        packet(flows.table.peer(echo), 5000);
        assertEquals(state, FlowEntry.state(echo));
    }

    private void packet(long entry, int afterMillis) {
        DatagramTracker.onPacket(flows.table, entry, born + afterMillis);
    }

    private int scan(int afterSeconds) {
        return expiry.scan(flows.now + afterSeconds, flows.table.slotCount(), null);
    }

    private void assertState(int state) {
        assertEquals(state, FlowEntry.state(forward));
        assertEquals(state, FlowEntry.state(reverse));
    }
}
