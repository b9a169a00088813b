package io.weft.lb.nat;

import static io.weft.lb.nat.NatFixture.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.hash.FlowHash;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Many flows of one pod, or of several, to one destination. */
class SnatScarcityTest {
    private static final int OTHER_POD = 0x0AF4_0106;
    private static final int MAX_FLOWS = 60_000;

    private final NatFixture fixture = new NatFixture(MAX_FLOWS);
    private final FlowTable table = fixture.table;
    private final BitSet pool = new BitSet();
    private final FlowTemplate template = fixture.template;
    private int now = 100;

    @AfterEach
    void free() {
        fixture.close();
    }

    @Test
    void nineThousandConnectionsAndFiveThousandUdpRequestsOfOnePodGetPorts() {
        SnatPorts ports = ports(10_000, 29_999);
        SourceNat nat = new SourceNat(table, ports);
        for (int i = 0; i < 9000; i++) {
            assertTrue(insert(nat, POD, 1000 + i, TCP, FlowState.TIME_WAIT) > 0, "connection " + i);
        }
        for (int i = 0; i < 5200; i++) {
            assertTrue(insert(nat, POD, 1000 + i, UDP, FlowState.UDP_REPLIED) > 0, "question " + i);
        }
        assertEquals(0, table.count(FlowCounter.REPLACED), "no port is taken over while others are free");
    }

    @Test
    void aSparsePoolAllocatesExactlyItsPorts() {
        pool.set(20_000, 20_100);
        SnatPorts ports = ports(61_000, 61_199);
        SourceNat nat = new SourceNat(table, ports);
        BitSet given = new BitSet();
        for (int i = 0; i < 300; i++) {
            given.set(port(insert(nat, POD + i, 1000, UDP, FlowState.UDP_UNREPLIED)));
        }
        assertEquals(pool, given);
        assertEquals(SourceNat.SNAT_NO_PORT, insert(nat, POD, 2000, UDP, FlowState.UDP_UNREPLIED));
        scan(ports, 30);
        assertNotEquals(SnatPorts.NONE, ports.unused(UDP, 5));
        assertEquals(0, given.stream().filter(port -> ports.isInUse(UDP, port)).count());
    }

    @Test
    void aFloodOfOnePodLeavesPortsToTheOthers() {
        SnatPorts ports = ports(10_000, 29_999);
        SourceNat nat = new SourceNat(table, ports);
        int got = 0;
        for (int i = 0; i < 25_000; i++) {
            got += insert(nat, POD, 1000 + i, UDP, FlowState.UDP_UNREPLIED) > 0 ? 1 : 0;
        }
        assertEquals(16_000, got, "four ports for each that is free");
        for (int i = 0; i < 3000; i++) {
            assertTrue(insert(nat, OTHER_POD, 1000 + i, UDP, FlowState.UDP_UNREPLIED) > 0, "flow " + i);
        }
        assertTrue(insert(nat, POD, 1000, TCP, FlowState.SYN_SENT) > 0, "TCP has its own ports");
        template.newDst = OUT + 1;
        assertTrue(insert(nat, POD, OUT + 1, 1000, UDP, FlowState.UDP_UNREPLIED) > 0,
            "each destination has its own ports");
    }

    @Test
    void twoFloodingPodsGetEqualSharesOnceEarlierFlowsHaveEnded() {
        SnatPorts ports = ports(10_000, 10_899);
        SourceNat nat = new SourceNat(table, ports);
        for (int i = 0; i < 1000; i++) {
            insert(nat, POD, 1000 + i, UDP, FlowState.UDP_UNREPLIED);
        }
        now += 30;
        scan(ports, 0);
        int[] got = new int[2];
        for (int i = 0; i < 1000; i++) {
            got[0] += insert(nat, POD, 1000 + i, UDP, FlowState.UDP_UNREPLIED) > 0 ? 1 : 0;
            got[1] += insert(nat, OTHER_POD, 1000 + i, UDP, FlowState.UDP_UNREPLIED) > 0 ? 1 : 0;
        }
        assertEquals(got[0], got[1]);
        assertEquals(400, got[0]);
    }

    @Test
    void manyFloodingPodsLeaveAPortToAModestPod() {
        SnatPorts ports = ports(10_000, 29_999);
        SourceNat nat = new SourceNat(table, ports);
        for (int pod = 0; pod < 4; pod++) {
            for (int i = 0; i < 20_000; i++) {
                insert(nat, POD + pod, 1000 + i, UDP, FlowState.UDP_UNREPLIED);
            }
        }
        for (int i = 0; i < 20; i++) {
            assertTrue(insert(nat, OTHER_POD + 9, 1000 + i, UDP, FlowState.UDP_UNREPLIED) > 0, "flow " + i);
        }
    }

    @Test
    void aUdpOrIcmpPortIsHeldUntilItsTimeout() {
        SnatPorts ports = ports(10_000, 10_009);
        SourceNat nat = new SourceNat(table, ports);
        for (int i = 0; i < 10; i++) {
            assertTrue(insert(nat, POD + i, 1000, UDP, FlowState.UDP_REPLIED) > 0);
            assertTrue(insert(nat, POD + i, 7, ICMP, FlowState.ICMP_ECHO) > 0, "the same identifier of every pod");
        }
        now += 29;
        scan(ports, 0);
        assertEquals(SourceNat.SNAT_NO_PORT, insert(nat, OTHER_POD, 2000, UDP, FlowState.UDP_UNREPLIED));
        assertEquals(SourceNat.SNAT_NO_PORT, insert(nat, OTHER_POD, 8, ICMP, FlowState.ICMP_ECHO));
        now++;
        scan(ports, 0);
        assertTrue(insert(nat, OTHER_POD, 2000, UDP, FlowState.UDP_UNREPLIED) > 0);
        assertTrue(insert(nat, OTHER_POD, 8, ICMP, FlowState.ICMP_ECHO) > 0);
    }

    @Test
    void theFinishedConnectionIdleLongestLosesItsPort() {
        SnatPorts ports = ports(10_000, 10_009);
        SourceNat nat = new SourceNat(table, ports);
        int[] states = {FlowState.ESTABLISHED, FlowState.CLOSE_WAIT, FlowState.FIN_WAIT, FlowState.SYN_SENT,
            FlowState.SYN_RECV, FlowState.TIME_WAIT, FlowState.CLOSE, FlowState.TIME_WAIT, FlowState.LAST_ACK,
            FlowState.TIME_WAIT};
        int[] silentSince = {0, 0, 0, 0, 0, 50, 40, 60, 98, 70};
        int[] allocatedPorts = new int[10];
        for (int i = 0; i < 10; i++) {
            now = silentSince[i];
            allocatedPorts[i] = port(insert(nat, POD + i, 1000, TCP, states[i]));
        }
        now = 100;
        for (int expected : new int[]{6, 5, 7, 9}) {
            long taken = insert(nat, OTHER_POD + 9, 2000 + expected, TCP, FlowState.ESTABLISHED);
            assertEquals(allocatedPorts[expected], port(taken));
            assertEquals(OTHER_POD + 9, FlowEntry.newDst(reply(allocatedPorts[expected])),
                "replies are the new flow's");
            assertEquals(0, table.find(FlowKey.k0(POD + expected, OUT), FlowKey.k1(1000, 443, TCP)));
            assertEquals(1, ports.flows(TCP, allocatedPorts[expected]));
        }
        assertEquals(SourceNat.SNAT_NO_PORT, insert(nat, OTHER_POD + 8, 2000, TCP, FlowState.SYN_SENT),
            "a FIN that is not acknowledged may be sent again");
        now = 101;
        assertEquals(allocatedPorts[8],
            port(insert(nat, OTHER_POD + 8, 2000, TCP, FlowState.ESTABLISHED)));
        assertEquals(SourceNat.SNAT_NO_PORT, insert(nat, OTHER_POD + 8, 2001, TCP, FlowState.SYN_SENT));
        assertEquals(5, table.count(FlowCounter.REPLACED));
        assertEquals(10, table.flows());
    }

    @Test
    void aFinishedConnectionIsAsOldAsTheNewerOfItsDirections() {
        SnatPorts ports = ports(10_000, 10_001);
        SourceNat nat = new SourceNat(table, ports);
        long first = insert(nat, POD, 1000, TCP, FlowState.TIME_WAIT);
        now++;
        long second = insert(nat, POD + 1, 1000, TCP, FlowState.TIME_WAIT);
        int port = port(second);
        FlowEntry.account(first, 40, now + 1);
        now += 2;
        assertEquals(port, port(insert(nat, POD + 2, 1000, TCP, FlowState.SYN_SENT)));
    }

    @Test
    void aPodBeyondItsShareReusesItsOwnFinishedConnectionsOnly() {
        SnatPorts ports = ports(10_000, 10_063);
        SourceNat nat = new SourceNat(table, ports);
        insert(nat, OTHER_POD, 1000, TCP, FlowState.TIME_WAIT);
        now++;
        for (int i = 0; i < 50; i++) {
            assertTrue(insert(nat, POD, 1000 + i, TCP, FlowState.ESTABLISHED) > 0);
        }
        now++;
        assertTrue(insert(nat, POD, 2000, TCP, FlowState.TIME_WAIT) > 0);
        assertNotEquals(SnatPorts.NONE, ports.unused(TCP, 1));
        assertTrue(insert(nat, POD, 2001, TCP, FlowState.ESTABLISHED) > 0);
        assertEquals(1, table.count(FlowCounter.REPLACED));
        assertEquals(SourceNat.SNAT_NO_PORT, insert(nat, POD, 2002, TCP, FlowState.SYN_SENT));
        assertNotEquals(0, table.find(FlowKey.k0(OTHER_POD, OUT), FlowKey.k1(1000, 443, TCP)));
        assertTrue(insert(nat, OTHER_POD, 1001, TCP, FlowState.SYN_SENT) > 0);
    }

    @Test
    void shortConnectionsOfOnePodNeverRunOutOfPorts() {
        SnatPorts ports = ports(10_000, 10_999);
        SourceNat nat = new SourceNat(table, ports);
        FlowExpiry expiry = fixture.expiry(ports);
        for (int i = 0; i < 50_000; i++) {
            assertTrue(insert(nat, POD, 1000 + i % 60_000, TCP, FlowState.TIME_WAIT) > 0, "connection " + i);
            if (i % 1000 == 0) {
                expiry.scan(now, table.slotCount(), null);
            }
        }
        assertTrue(table.flows() <= 1000);
        scan(ports, 120);
        assertEquals(0, table.flows());
        assertEquals(0, pool.stream().filter(port -> ports.isInUse(TCP, port)).count());
        assertTrue(insert(nat, POD, 1000, TCP, FlowState.SYN_SENT) > 0);
    }

    @Test
    void aBlockedPortIsNotTakenOverFromAFinishedConnection() {
        SnatPorts ports = ports(10_000, 10_001);
        SourceNat nat = new SourceNat(table, ports);
        int first = port(insert(nat, POD, 1000, TCP, FlowState.TIME_WAIT));
        ports.block(TCP, first);
        ports.recount(TCP);
        assertEquals(2, ports.available(TCP), "a blocked port counts while a flow uses it");
        int second = port(insert(nat, POD, 1001, TCP, FlowState.ESTABLISHED));
        assertFalse(first == second);
        assertEquals(SourceNat.SNAT_NO_PORT, insert(nat, OTHER_POD, 1001, TCP, FlowState.SYN_SENT));
        ports.unblock(TCP, first);
        ports.block(TCP, 9);
        ports.recount(TCP);
        assertEquals(2, ports.available(TCP));
        assertEquals(first, port(insert(nat, OTHER_POD, 1001, TCP, FlowState.SYN_SENT)));
    }

    @Test
    void aBlockedPortCountsUntilItsFlowHasEnded() {
        SnatPorts ports = ports(10_000, 10_002);
        int held = port(insert(new SourceNat(table, ports), POD, 1000, TCP, FlowState.TIME_WAIT));
        for (int port = 10_000; port <= 10_002; port++) {
            ports.block(TCP, port);
        }
        ports.recount(TCP);
        assertEquals(1, ports.available(TCP));
        ports.release(TCP, held);
        ports.recount(TCP);
        assertEquals(0, ports.available(TCP));
    }

    private SnatPorts ports(int first, int last) {
        pool.set(first, last + 1);
        return new SnatPorts(fixture.memory.allocate(SnatPorts.BITMAPS_LENGTH), pool);
    }

    private static int port(long result) {
        assertTrue(result > 0, "no flow: " + result);
        return FlowEntry.newSport(result);
    }

    private long reply(int port) {
        return table.find(FlowKey.k0(OUT, NODE), FlowKey.k1(443, port, TCP));
    }

    private long insert(SourceNat nat, int pod, int sourcePort, int protocol, int state) {
        return insert(nat, pod, OUT, sourcePort, protocol, state);
    }

    private long insert(SourceNat nat, int pod, int destination, int sourcePort, int protocol, int state) {
        long k0 = FlowKey.k0(pod, destination);
        long k1 = FlowKey.k1(sourcePort, protocol == ICMP ? sourcePort : 443, protocol);
        template.reset(k0, k1, state, now);
        template.newSrc = NODE;
        return nat.insert(FlowHash.hash(k0, k1), k0, k1, template);
    }

    private void scan(SnatPorts ports, int afterSeconds) {
        fixture.expiry(ports).scan(now + afterSeconds, table.slotCount(), null);
    }
}
