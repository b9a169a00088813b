package io.weft.lb.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.lb.TestMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlowTableTest {
    private final TestMemory memory = new TestMemory();
    private final Flows flows = new Flows(memory, 1000);
    private final FlowTable table = flows.table;

    @AfterEach
    void free() {
        memory.close();
    }

    @Test
    void aFlowToAServiceIsFoundFromBothSidesWithItsRewrites() {
        flows.template.reset(0, 0, 0, 0);
        long forward = flows.insertService(40_000, Flows.TCP, FlowState.SYN_SENT);
        assertTrue(forward > 0);
        assertFalse(FlowTable.isAdopted(forward));
        assertEquals(forward, flows.forward(40_000, Flows.TCP));
        assertEquals(Flows.CLIENT, FlowEntry.newSrc(forward));
        assertEquals(Flows.BACKEND, FlowEntry.newDst(forward));
        assertEquals(40_000, FlowEntry.newSport(forward));
        assertEquals(8080, FlowEntry.newDport(forward));
        assertEquals(FlowEntry.DNAT | FlowEntry.SERVICE, FlowEntry.flags(forward));
        long reverse = flows.reverse(40_000, Flows.TCP);
        assertEquals(Flows.VIP, FlowEntry.newSrc(reverse));
        assertEquals(Flows.CLIENT, FlowEntry.newDst(reverse));
        assertEquals(80, FlowEntry.newSport(reverse));
        assertEquals(40_000, FlowEntry.newDport(reverse));
        assertEquals(FlowEntry.DNAT | FlowEntry.SERVICE | FlowEntry.REVERSE, FlowEntry.flags(reverse));
        assertEquals(reverse, table.peer(forward));
        assertEquals(forward, table.peer(reverse));
        assertEquals(0, forward % FlowEntry.LENGTH);
        assertEquals(0, flows.forward(40_001, Flows.TCP));
        assertEquals(0, flows.forward(40_000, Flows.UDP));
    }

    @Test
    void egressAndIngressBelongToTheDirection() {
        long k0 = FlowKey.k0(1, 2);
        long k1 = FlowKey.k1(3, 4, Flows.UDP);
        FlowTemplate template = flows.template.reset(k0, k1, FlowState.UDP_UNREPLIED, 7);
        template.forwardEgress = 0x0200_0005;
        template.reverseEgress = 0x0100_0002;
        template.forwardIngress = 2;
        template.reverseIngress = FlowEntry.INGRESS_TUNNEL | 9;
        long forward = table.insertPair(FlowHash.hash(k0, k1), k0, k1, template);
        long reverse = table.peer(forward);
        assertEquals(0x0200_0005, FlowEntry.egress(forward));
        assertEquals(0x0100_0002, FlowEntry.egress(reverse));
        assertEquals(2, FlowEntry.ingress(forward));
        assertEquals(FlowEntry.INGRESS_TUNNEL | 9, FlowEntry.ingress(reverse));
        assertEquals(7, FlowEntry.lastSeen(reverse));
        assertEquals(FlowState.UDP_UNREPLIED, FlowEntry.state(reverse));
        FlowEntry.account(reverse, 100, 9);
        FlowEntry.account(reverse, 50, 9);
        assertEquals(2, FlowEntry.packets(reverse));
        assertEquals(150, FlowEntry.bytes(reverse));
        assertEquals(9, FlowEntry.lastSeen(reverse));
        assertEquals(0, FlowEntry.packets(forward));
    }

    @Test
    void theRawWordsHaveTheOrderOfTheHeaders() {
        long forward = flows.insertService(40_000, Flows.TCP, FlowState.SYN_SENT);
        long header = memory.allocate(64);
        Memory.putNativeI64(header, FlowEntry.newAddressesRaw(forward));
        Memory.putNativeI32(header + 8, FlowEntry.newPortsRaw(forward));
        assertEquals(Flows.CLIENT, Memory.i32(header));
        assertEquals(Flows.BACKEND, Memory.i32(header + 4));
        assertEquals(40_000, Memory.u16(header + 8));
        assertEquals(8080, Memory.u16(header + 10));
    }

    /** Checksums changed by the entry's deltas equal checksums computed from scratch, in both directions, for random flows. */
    @Test
    void theDeltasKeepRightChecksumsRight() {
        Random random = new Random(6);
        for (int i = 0; i < 500; i++) {
            int protocol = i % 2 == 0 ? Flows.TCP : Flows.UDP;
            long k0 = random.nextLong();
            long k1 = FlowKey.k1(random.nextInt(65_536), random.nextInt(65_536), protocol);
            FlowTemplate template = flows.template.reset(k0, k1, FlowState.ESTABLISHED, 0);
            template.newDst = random.nextInt();
            template.newDport = random.nextInt(65_536);
            if (i % 3 == 0) {
                template.newSrc = random.nextInt();
                template.newSport = random.nextInt(65_536);
            }
            long forward = FlowTable.entry(table.insertPair(FlowHash.hash(k0, k1), k0, k1, template));
            assertDeltas(forward, k0, k1, protocol, random.nextInt(65_536));
            long reverse = table.peer(forward);
            assertDeltas(reverse, FlowEntry.k0(reverse), FlowEntry.k1(reverse), protocol, random.nextInt(65_536));
        }
    }

    private static void assertDeltas(long entry, long k0, long k1, int protocol, int rest) {
        long newK0 = FlowKey.k0(FlowEntry.newSrc(entry), FlowEntry.newDst(entry));
        long newK1 = FlowKey.k1(FlowEntry.newSport(entry), FlowEntry.newDport(entry), protocol);
        int before = ~InternetChecksum.fold(sum(k0, k1, protocol, rest)) & 0xFFFF;
        int after = ~InternetChecksum.fold(sum(newK0, newK1, protocol, rest)) & 0xFFFF;
        assertEquals(after, InternetChecksum.update(before, FlowEntry.l4FullDelta(entry)));
        int partialBefore = InternetChecksum.fold(addresses(k0) + protocol);
        int partialAfter = InternetChecksum.fold(addresses(newK0) + protocol);
        assertEquals(partialAfter, InternetChecksum.addDelta(partialBefore, FlowEntry.l4PartialDelta(entry)));
    }

    private static long sum(long k0, long k1, int protocol, int rest) {
        return addresses(k0) + (k1 >>> 48) + (k1 >>> 32 & 0xFFFF) + protocol + rest;
    }

    private static long addresses(long k0) {
        return (k0 >>> 32) + (k0 & 0xFFFF_FFFFL);
    }

    @Test
    void aFlowWithoutNatChangesNoChecksumBit() {
        long forward = flows.insertPlain(1, 2, 3, 4, Flows.UDP);
        for (long entry : new long[]{forward, table.peer(forward)}) {
            assertEquals(0, FlowEntry.ipDelta(entry));
            assertEquals(0, FlowEntry.l4FullDelta(entry));
            assertEquals(0, FlowEntry.l4PartialDelta(entry));
        }
    }

    @Test
    void anEchoChecksumChangesByItsIdentifierAlone() {
        long k0 = FlowKey.k0(Flows.CLIENT, Flows.BACKEND);
        long k1 = FlowKey.k1(77, 77, Flows.ICMP);
        FlowTemplate template = flows.template.reset(k0, k1, FlowState.ICMP_ECHO, 0);
        template.newSrc = 0xC000_0201;
        template.newSport = 61_000;
        template.newDport = 61_000;
        long forward = table.insertPair(FlowHash.hash(k0, k1), k0, k1, template);
        assertEquals(InternetChecksum.update(0x1234, InternetChecksum.delta16(77, 61_000)),
            InternetChecksum.update(0x1234, FlowEntry.l4FullDelta(forward)));
        long reverse = table.find(FlowKey.k0(Flows.BACKEND, 0xC000_0201), FlowKey.k1(61_000, 61_000, Flows.ICMP));
        assertEquals(reverse, table.peer(forward));
        assertEquals(77, FlowEntry.newSport(reverse));
        assertEquals(0x1234, InternetChecksum.update(InternetChecksum.update(0x1234, FlowEntry.l4FullDelta(forward)),
            FlowEntry.l4FullDelta(reverse)));
    }

    @Test
    void aSecondInsertAdoptsTheFirstOnesEntry() {
        long first = flows.insertService(40_000, Flows.TCP, FlowState.SYN_SENT);
        long second = flows.insertService(40_000, Flows.TCP, FlowState.SYN_SENT);
        assertTrue(FlowTable.isAdopted(second));
        assertEquals(first, FlowTable.entry(second));
        assertEquals(1, table.flows());
        assertEquals(1, table.count(FlowCounter.ADOPTED));
        assertEquals(1, table.count(FlowCounter.CREATED));
    }

    @Test
    void anInsertFromTheOtherEndAdoptsTheReverseEntry() {
        long forward = flows.insertPlain(1, 2, 3, 4, Flows.UDP);
        long other = flows.insertPlain(2, 1, 4, 3, Flows.UDP);
        assertTrue(FlowTable.isAdopted(other));
        assertEquals(table.peer(forward), FlowTable.entry(other));
        assertEquals(1, table.flows());
    }

    @Test
    void aReverseKeyOfAnotherFlowIsTakenAndLeavesNothingBehind() {
        flows.insertPlain(Flows.CLIENT, Flows.BACKEND, 40_000, 8080, Flows.TCP);
        assertEquals(FlowTable.REVERSE_TAKEN, flows.insertService(40_000, Flows.TCP, FlowState.SYN_SENT));
        assertEquals(0, flows.forward(40_000, Flows.TCP));
        assertEquals(1, table.flows());
        assertEquals(1, table.count(FlowCounter.REVERSE_TAKEN));
        assertTrue(flows.insertService(40_001, Flows.TCP, FlowState.SYN_SENT) > 0);
    }

    @Test
    void aServiceKeyThatIsAnotherFlowsReverseKeyIsTaken() {
        flows.insertService(40_000, Flows.TCP, FlowState.SYN_SENT);
        assertEquals(FlowTable.REVERSE_TAKEN, flows.insertPlain(Flows.CLIENT, Flows.BACKEND, 40_000, 8080, Flows.TCP));
    }

    @Test
    void keysWithoutProtocolOrWithoutDirectionAreUnusable() {
        assertEquals(FlowTable.KEY_UNUSABLE, flows.insertPlain(1, 2, 3, 4, 0));
        assertEquals(FlowTable.KEY_UNUSABLE, flows.insertPlain(1, 1, 3, 3, Flows.UDP));
        assertEquals(0, table.flows());
    }

    @Test
    void theLimitIsExactAndRefusalsAreCounted() {
        Flows small = new Flows(memory, 10);
        for (int i = 0; i < 10; i++) {
            assertTrue(small.insertService(i, Flows.TCP, FlowState.SYN_SENT) > 0);
        }
        for (int i = 10; i < 35; i++) {
            assertEquals(FlowTable.CT_FULL, small.insertService(i, Flows.TCP, FlowState.SYN_SENT));
        }
        assertEquals(25, small.table.count(FlowCounter.REFUSED_FULL));
        assertEquals(10, small.table.flows());
        for (int i = 0; i < 10; i++) {
            assertNotEquals(0, small.forward(i, Flows.TCP));
            assertNotEquals(0, small.reverse(i, Flows.TCP));
        }
    }

    @Test
    void aFullTableOfManyFlowsFindsThemAll() {
        Flows many = new Flows(memory, 65_536);
        for (int i = 0; i < 65_536; i++) {
            assertTrue(many.insertPlain(0x0AF4_0000 + (i >>> 8), Flows.BACKEND, i & 0xFF, 80, Flows.TCP) > 0);
        }
        for (int i = 0; i < 65_536; i++) {
            long found = many.table.find(FlowKey.k0(0x0AF4_0000 + (i >>> 8), Flows.BACKEND),
                FlowKey.k1(i & 0xFF, 80, Flows.TCP));
            assertEquals(0x0AF4_0000 + (i >>> 8), FlowEntry.newSrc(found));
            assertNotEquals(0, many.table.peer(found));
        }
        assertEquals(0, many.table.count(FlowCounter.REFUSED_FULL));
    }

    @Test
    void anotherProcessOpensTheTableByItsHeader() {
        flows.insertService(40_000, Flows.TCP, FlowState.SYN_SENT);
        FlowTable opened = FlowTable.open(flows.address, flows.size);
        assertEquals(1, opened.flows());
        assertEquals(42, opened.incarnation());
        assertEquals(1000, opened.maxFlows());
        assertEquals(flows.forward(40_000, Flows.TCP),
            opened.find(FlowKey.k0(Flows.CLIENT, Flows.VIP), FlowKey.k1(40_000, 80, Flows.TCP)));
    }

    @Test
    void aRegionWithoutAFlowTableOrWithAWrongSizeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> FlowTable.open(memory.allocate(4096), 4096));
        assertThrows(IllegalArgumentException.class, () -> FlowTable.open(flows.address, 512));
        assertThrows(IllegalArgumentException.class, () -> FlowTable.open(flows.address, flows.size / 2));
        for (long slots : new long[]{-1, 0, 8, 4095, 1L << 40, Long.MIN_VALUE}) {
            Memory.putNativeI64(flows.address + 16, slots);
            assertThrows(IllegalArgumentException.class, () -> FlowTable.open(flows.address, flows.size),
                "slots " + slots);
        }
    }

    @Test
    void aDumpHasEveryDirectionOfEveryFlow() {
        flows.insertService(40_000, Flows.TCP, FlowState.SYN_SENT);
        flows.insertService(40_001, Flows.UDP, FlowState.UDP_UNREPLIED);
        FlowDump dump = new FlowDump(flows.address, flows.size);
        List<FlowRecord> records = new ArrayList<>();
        dump.forEach(records::add);
        assertEquals(4, records.size());
        FlowRecord record = records.stream().filter(r -> r.protocol() == Flows.TCP && !r.isReverse()).findFirst()
            .orElseThrow();
        assertEquals("6 10.244.1.5:40000 -> 10.96.0.10:80 as 10.244.1.5:40000 -> 10.244.2.7:8080 syn_sent",
            record.toString());
        assertEquals(2, dump.count(FlowCounter.FLOWS));
    }
}
