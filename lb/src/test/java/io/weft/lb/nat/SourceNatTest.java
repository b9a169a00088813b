package io.weft.lb.nat;

import static io.weft.lb.nat.NatFixture.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SourceNatTest {
    private static final int ESP = 50;
    private static final int FIRST = 61_000;
    private static final int MAX_FLOWS = 20_000;

    private final NatFixture fixture = new NatFixture(MAX_FLOWS);
    private final FlowTable table = fixture.table;
    private final long bitmaps = fixture.bitmaps;
    private final FlowTemplate template = fixture.template;
    private int now = 100;

    @AfterEach
    void free() {
        fixture.close();
    }

    @Test
    void aMasqueradedFlowHasAPortOfTheRangeAndItsBitIsSet() {
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, 65_535);
        long forward = insert(new SourceNat(table, ports), POD, 40_000, OUT, 443, TCP);
        int port = FlowEntry.newSport(forward);
        assertEquals(NODE, FlowEntry.newSrc(forward));
        assertTrue(port >= FIRST);
        assertTrue(ports.isInUse(TCP, port));
        assertFalse(ports.isInUse(UDP, port));
        assertEquals(1L << port % 64, Memory.nativeI64(bitmaps + port / 64 * 8L));
        long reply = table.find(FlowKey.k0(OUT, NODE), FlowKey.k1(443, port, TCP));
        assertEquals(POD, FlowEntry.newDst(reply));
        assertEquals(40_000, FlowEntry.newDport(reply));
    }

    @Test
    void anEchoGetsAnIdentifierInBothPlaces() {
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, 65_535);
        long forward = insert(new SourceNat(table, ports), POD, 77, OUT, 77, ICMP);
        int identifier = FlowEntry.newSport(forward);
        assertEquals(identifier, FlowEntry.newDport(forward));
        assertEquals(1L << identifier % 64, Memory.nativeI64(bitmaps + (2048 + identifier / 64) * 8L));
        assertEquals(77,
            FlowEntry.newSport(table.find(FlowKey.k0(OUT, NODE), FlowKey.k1(identifier, identifier, ICMP))));
    }

    @Test
    void aPortServesManyDestinationsAndStaysInUseUntilItsLastFlowEnds() {
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, FIRST);
        SourceNat nat = new SourceNat(table, ports);
        for (int i = 0; i < 5000; i++) {
            assertTrue(insert(nat, POD, 1000 + i, OUT + i, 443, TCP) > 0);
        }
        assertEquals(5000, ports.flows(TCP, FIRST));
        FlowExpiry expiry = fixture.expiry(ports);
        expiry.scan(now, table.slotCount(), forward -> FlowEntry.newDst(forward) == OUT);
        assertEquals(1, ports.flows(TCP, FIRST));
        assertTrue(ports.isInUse(TCP, FIRST));
        expiry.scan(now, table.slotCount(), forward -> false);
        assertFalse(ports.isInUse(TCP, FIRST));
        assertEquals(0, ports.flows(TCP, FIRST));
    }

    @Test
    void exhaustionForOneDestinationIsRefusedExactlyAndSparesOthers() {
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, FIRST + 99);
        SourceNat nat = new SourceNat(table, ports);
        int refused = 0;
        for (int i = 0; i < 150; i++) {
            long result = insert(nat, POD + i % 30, 1000 + i, OUT, 443, TCP);
            refused += result == SourceNat.SNAT_NO_PORT ? 1 : 0;
        }
        assertEquals(50, refused);
        assertTrue(insert(nat, POD, 1, OUT, 444, TCP) > 0);
        assertTrue(insert(nat, POD, 1, OUT, 443, UDP) > 0);
        assertTrue(insert(nat, POD, 1, OUT + 1, 443, TCP) > 0);
        assertEquals(103, table.flows());
    }

    @Test
    void anExhaustedDestinationIsServedAgainWithinASecondOfAFreePort() {
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, FIRST + 9);
        SourceNat nat = new SourceNat(table, ports);
        for (int i = 0; i < 40; i++) {
            insert(nat, POD + i, 1000, OUT, 443, TCP);
        }
        fixture.expiry(ports).scan(now, table.slotCount(), forward -> FlowEntry.newSport(forward) != FIRST + 4);
        assertEquals(SourceNat.SNAT_NO_PORT, insert(nat, POD + 100, 3000, OUT, 443, TCP));
        now++;
        long forward = insert(nat, POD + 100, 3000, OUT, 443, TCP);
        assertEquals(FIRST + 4, FlowEntry.newSport(forward));
    }

    @Test
    void blockedPortsAreNotAllocated() {
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, FIRST + 2);
        SourceNat nat = new SourceNat(table, ports);
        ports.block(TCP, FIRST);
        ports.block(TCP, FIRST + 2);
        assertEquals(FIRST + 1, FlowEntry.newSport(insert(nat, POD, 1, OUT, 443, TCP)));
        assertEquals(SourceNat.SNAT_NO_PORT, insert(nat, POD, 2, OUT, 443, TCP));
        ports.unblock(TCP, FIRST);
        now++;
        assertEquals(FIRST, FlowEntry.newSport(insert(nat, POD, 2, OUT, 443, TCP)));
    }

    @Test
    void aFullTableOrAnAdoptedFlowKeepsNoPort() {
        FlowTable small = FlowTable.create(fixture.memory.allocate(FlowTable.sizeFor(1)), FlowTable.sizeFor(1), 1, 1);
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, FIRST + 9);
        SourceNat nat = new SourceNat(small, ports);
        assertTrue(insert(nat, POD, 1, OUT, 443, TCP) > 0);
        assertEquals(FlowTable.CT_FULL, insert(nat, POD, 2, OUT, 443, TCP));
        assertEquals(1, inUse(ports));
        SourceNat again = new SourceNat(table, ports);
        assertTrue(insert(again, POD, 1, OUT, 443, TCP) > 0);
        long adopted = insert(again, POD, 1, OUT, 443, TCP);
        assertTrue(FlowTable.isAdopted(adopted));
        assertEquals(1, table.count(FlowCounter.ADOPTED));
        int flows = 0;
        for (int port = FIRST; port < FIRST + 10; port++) {
            flows += ports.flows(TCP, port);
        }
        assertEquals(2, flows);
    }

    @Test
    void protocolsWithoutPortsAreNotMasqueraded() {
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, 65_535);
        assertEquals(FlowTable.KEY_UNUSABLE, insert(new SourceNat(table, ports), POD, 0, OUT, 0, ESP));
        assertFalse(SnatPorts.supports(ESP));
    }

    @Test
    void everyPortOfTheRangeIsACandidateOnce() {
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, 65_535);
        for (int hash : new int[]{0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            boolean[] seen = new boolean[65_536];
            for (int attempt = 0; attempt < ports.size(); attempt++) {
                int port = ports.candidate(hash, attempt);
                assertFalse(seen[port] || port < FIRST);
                seen[port] = true;
            }
        }
    }

    @Test
    void releasingAPortThatIsNotInUseIsAnError() {
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, 65_535);
        assertThrows(IllegalStateException.class, () -> ports.release(TCP, FIRST));
        assertThrows(IllegalArgumentException.class, () -> new SnatPorts(bitmaps, 2, 1));
    }

    @Test
    void manyThreadsAcquireAndReleaseWithoutLosingABit() throws InterruptedException {
        SnatPorts ports = new SnatPorts(bitmaps, FIRST, FIRST + 63);
        Thread[] threads = new Thread[3];
        boolean[] bitMissing = new boolean[threads.length];
        for (int t = 0; t < threads.length; t++) {
            int self = t;
            threads[t] = new Thread(() -> {
                for (int i = 0; i < 300_000; i++) {
                    int port = FIRST + i % 3;
                    if (ports.acquire(UDP, port)) {
                        bitMissing[self] |= !ports.isInUse(UDP, port);
                        ports.release(UDP, port);
                    }
                }
            });
        }
        for (Thread thread : threads) {
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (boolean missing : bitMissing) {
            assertFalse(missing);
        }
        assertEquals(0, inUse(ports));
    }

    private long insert(SourceNat nat, int source, int sourcePort, int destination, int destinationPort, int protocol) {
        long k0 = FlowKey.k0(source, destination);
        long k1 = FlowKey.k1(sourcePort, destinationPort, protocol);
        template.reset(k0, k1, FlowState.ESTABLISHED, now);
        template.newSrc = NODE;
        long result = nat.insert(FlowHash.hash(k0, k1), k0, k1, template);
        assertNotEquals(0, result);
        return result;
    }

    private int inUse(SnatPorts ports) {
        int count = 0;
        for (int port = FIRST; port <= 65_535; port++) {
            count += ports.isInUse(TCP, port) || ports.isInUse(UDP, port) ? 1 : 0;
        }
        return count;
    }
}
