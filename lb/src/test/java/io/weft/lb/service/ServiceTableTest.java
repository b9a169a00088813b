package io.weft.lb.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.address.IpAddress;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.lb.TestMemory;
import io.weft.lb.table.TableArena;
import io.weft.lb.table.TableFullException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ServiceTableTest {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int VIP = 0x0A60_000A;
    private static final int SIZE = 64 << 20;
    private static final int ROOTS = 64;
    private final TestMemory memory = new TestMemory();
    private final long base = memory.allocate(SIZE);
    private final TableArena arena = new TableArena(base, 128, SIZE);
    private final ServiceTableBuilder builder = new ServiceTableBuilder(arena, ROOTS, 16);
    private final ServiceTable table = new ServiceTable(base, SIZE, ROOTS);

    @AfterEach
    void free() {
        memory.close();
    }

    @Test
    void portAndProtocolDistinguishServicesOfOneAddress() {
        builder.put(service(VIP, 53, UDP, 2));
        builder.put(service(VIP, 53, TCP, 3));
        assertEquals(2, ServiceTable.backendCount(table.find(VIP, 53, UDP)));
        assertEquals(3, ServiceTable.backendCount(table.find(VIP, 53, TCP)));
        assertEquals(0, table.find(VIP, 54, TCP));
        assertEquals(0, table.find(VIP + 1, 53, TCP));
    }

    @Test
    void anAddressIsAServiceAddressUntilItsLastServiceIsRemoved() {
        assertFalse(table.isServiceAddress(VIP));
        builder.put(service(VIP, 53, UDP, 1));
        builder.put(service(VIP, 53, TCP, 1));
        builder.put(service(VIP, 53, TCP, 2));
        assertTrue(table.isServiceAddress(VIP));
        assertTrue(builder.remove(new ServiceKey(IpAddress.ipv4(VIP), 53, UDP)));
        assertFalse(builder.remove(new ServiceKey(IpAddress.ipv4(VIP), 53, UDP)));
        assertTrue(table.isServiceAddress(VIP));
        assertTrue(builder.remove(new ServiceKey(IpAddress.ipv4(VIP), 53, TCP)));
        assertFalse(table.isServiceAddress(VIP));
        assertEquals(0, builder.size());
    }

    @Test
    void aServiceWithoutEndpointsIsFoundAndChoosesNone() {
        builder.put(service(VIP, 80, TCP, 0));
        long block = table.find(VIP, 80, TCP);
        assertNotEquals(0, block);
        assertEquals(0, ServiceTable.backendCount(block));
        assertEquals(Backend.NONE, ServiceTable.choose(block, 12345));
    }

    @Test
    void aBackendIsReturnedWholeAndKnownAsOne() {
        builder.put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP), 80, TCP), "a/b",
            List.of(new Backend(IpAddress.ipv4(0xC0A8_FFFE), 65_535, Backend.FLAG_LOCAL))));
        long block = table.find(VIP, 80, TCP);
        long chosen = ServiceTable.choose(block, -1);
        assertEquals(0xC0A8_FFFE, Backend.ip(chosen));
        assertEquals(65_535, Backend.port(chosen));
        assertEquals(Backend.FLAG_LOCAL, Backend.flags(chosen));
        assertTrue(ServiceTable.hasBackend(block, 0xC0A8_FFFE, 65_535));
        assertFalse(ServiceTable.hasBackend(block, 0xC0A8_FFFE, 65_534));
    }

    @Test
    void flowsSpreadEvenlyOverTheBackends() {
        builder.put(service(VIP, 80, TCP, 4));
        long block = table.find(VIP, 80, TCP);
        Map<Long, Integer> flows = new HashMap<>();
        for (int port = 1024; port < 1024 + 40_000; port++) {
            int hash = FlowHash.hash(0x0AF4_0105L << 32 | VIP, (long) port << 48 | 80L << 32 | TCP << 24);
            flows.merge(ServiceTable.choose(block, hash), 1, Integer::sum);
        }
        assertEquals(4, flows.size());
        flows.values().forEach(count -> assertEquals(10_000, count, 300));
    }

    @Test
    void theOrderOfTheBackendsDoesNotMatter() {
        ServiceSpec spec = service(VIP, 80, TCP, 17);
        List<Backend> shuffled = new ArrayList<>(spec.backends());
        Collections.shuffle(shuffled, new Random(5));
        builder.put(spec);
        builder.put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP + 1), 80, TCP), spec.name(), shuffled));
        for (int hash = -1_000_000_000; hash < 1_000_000_000; hash += 1_000_003) {
            assertEquals(ServiceTable.choose(table.find(VIP, 80, TCP), hash),
                ServiceTable.choose(table.find(VIP + 1, 80, TCP), hash));
        }
    }

    @Test
    void aReplacedServiceIsSeenWholeAndItsBlockWaitsForReaders() {
        builder.put(service(VIP, 80, TCP, 5));
        long old = table.find(VIP, 80, TCP);
        arena.setPendingGeneration(2);
        builder.put(service(VIP, 80, TCP, 6));
        assertEquals(6, ServiceTable.backendCount(table.find(VIP, 80, TCP)));
        arena.reclaim(1);
        assertEquals(5, ServiceTable.backendCount(old));
        assertTrue(arena.reclaim(2) >= 1);
    }

    @Test
    void aDumpHasEveryService() {
        Set<ServiceSpec> specs = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            specs.add(service(VIP + i, 80 + i, i % 2 == 0 ? TCP : UDP, i));
        }
        specs.forEach(builder::put);
        Set<ServiceSpec> read = new HashSet<>();
        table.forEach(read::add);
        assertEquals(specs, read);
    }

    @Test
    void aBackendListedTwiceIsRefusedAndLeaksNothing() {
        long before = arena.freeBytes();
        Backend backend = new Backend(IpAddress.ipv4(1), 1, 0);
        ServiceSpec wrong = new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP), 80, TCP), "a/b",
            List.of(backend, backend));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> builder.put(wrong)).getMessage()
            .contains("0.0.0.1:1 twice"));
        assertEquals(before, arena.freeBytes());
    }

    @Test
    void aFullRegionLeavesTheServiceAsItWas() {
        long smallBase = memory.allocate(8192);
        TableArena small = new TableArena(smallBase, 128, 8192);
        ServiceTableBuilder smallBuilder = new ServiceTableBuilder(small, ROOTS, 16);
        smallBuilder.put(service(VIP, 80, TCP, 2));
        long free = small.freeBytes();
        assertThrows(TableFullException.class, () -> smallBuilder.put(service(VIP, 80, TCP, 200)));
        assertThrows(TableFullException.class, () -> smallBuilder.put(service(VIP, 81, TCP, 200)));
        assertEquals(free, small.freeBytes());
        ServiceTable smallTable = new ServiceTable(smallBase, 8192, ROOTS);
        assertEquals(2, ServiceTable.backendCount(smallTable.find(VIP, 80, TCP)));
        assertEquals(0, smallTable.find(VIP, 81, TCP));
    }

    @Test
    void aBlockThatClaimsMoreThanTheRegionIsAbsent() {
        builder.put(service(VIP, 80, TCP, 2));
        long block = table.find(VIP, 80, TCP);
        for (int field : new int[]{16, 20, 24, 28, 32, 36}) {
            int right = Memory.nativeI32(block + field);
            for (int wrong : new int[]{-1, Integer.MIN_VALUE, Integer.MAX_VALUE, right + 1, SIZE}) {
                Memory.putNativeI32(block + field, wrong);
                assertEquals(0, table.find(VIP, 80, TCP), "field " + field + " = " + wrong);
            }
            Memory.putNativeI32(block + field, right);
        }
        assertEquals(block, table.find(VIP, 80, TCP));
    }

    @Test
    void tenThousandServicesOfTenEndpointsFit() {
        for (int i = 0; i < 10_000; i++) {
            builder.put(service(0x0A60_0000 + i, 80, TCP, 10));
        }
        assertEquals(10_000, builder.size());
        for (int i = 0; i < 10_000; i++) {
            assertEquals(10, ServiceTable.backendCount(table.find(0x0A60_0000 + i, 80, TCP)));
        }
    }

    private static ServiceSpec service(int vip, int port, int protocol, int backends) {
        List<Backend> list = new ArrayList<>();
        for (int i = 0; i < backends; i++) {
            list.add(new Backend(IpAddress.ipv4(0x0AF4_0102 + i), 8080, i % 2));
        }
        return new ServiceSpec(new ServiceKey(IpAddress.ipv4(vip), port, protocol), "ns/service-" + port, list);
    }
}
