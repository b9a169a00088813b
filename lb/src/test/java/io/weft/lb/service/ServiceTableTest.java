package io.weft.lb.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.lb.TestMemory;
import io.weft.lb.table.TableArena;
import io.weft.lb.table.TableFullException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntToLongFunction;
import java.util.stream.Collectors;
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
        assertEquals(2, count(table.find(VIP, 53, UDP)));
        assertEquals(3, count(table.find(VIP, 53, TCP)));
        assertEquals(0, table.find(VIP, 54, TCP));
        assertEquals(0, table.find(VIP + 1, 53, TCP));
    }

    @Test
    void anAddressIsAClusterIpUntilItsLastFrontendIsRemoved() {
        assertFalse(table.isClusterIp(VIP));
        builder.put(service(VIP, 53, UDP, 1));
        builder.put(service(VIP, 53, TCP, 1));
        builder.put(service(VIP, 53, TCP, 2));
        assertTrue(table.isClusterIp(VIP));
        assertTrue(builder.remove(new ServiceKey(IpAddress.ipv4(VIP), 53, UDP)));
        assertFalse(builder.remove(new ServiceKey(IpAddress.ipv4(VIP), 53, UDP)));
        assertTrue(table.isClusterIp(VIP));
        assertTrue(builder.remove(new ServiceKey(IpAddress.ipv4(VIP), 53, TCP)));
        assertFalse(table.isClusterIp(VIP));
        assertEquals(0, builder.size());
    }

    @Test
    void aServiceWithoutEndpointsIsFoundAndChoosesNone() {
        builder.put(service(VIP, 80, TCP, 0));
        long block = table.find(VIP, 80, TCP);
        assertNotEquals(0, block);
        assertEquals(0, count(block));
        assertEquals(Backend.NONE, ServiceTable.choose(block, 12345));
    }

    @Test
    void aBackendIsReturnedWholeAndKnownAsOne() {
        builder.put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP), 80, TCP), "a/b",
            List.of(Backend.readyHere(IpAddress.ipv4(0xC0A8_FFFE), 65_535))));
        long block = table.find(VIP, 80, TCP);
        long chosen = ServiceTable.choose(block, -1);
        assertEquals(0xC0A8_FFFE, Backend.ip(chosen));
        assertEquals(65_535, Backend.port(chosen));
        assertEquals(chosen, ServiceTable.backend(block, 0xC0A8_FFFE, 65_535));
        assertTrue(Backend.of(chosen).is(Backend.LOCAL | Backend.SERVING));
        assertEquals(Backend.NONE, ServiceTable.backend(block, 0xC0A8_FFFE, 65_534));
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
        builder.put(maglev(VIP, spec.backends()));
        builder.put(maglev(VIP + 1, shuffled));
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
        assertEquals(6, count(table.find(VIP, 80, TCP)));
        arena.reclaim(1);
        assertEquals(5, count(old));
        assertTrue(arena.reclaim(2) >= 1);
    }

    @Test
    void aDumpHasEveryService() {
        Set<ServiceSpec> specs = new HashSet<>();
        specs.add(service(VIP, 79, TCP, 3).withPaused(true));
        for (int i = 0; i < 100; i++) {
            specs.add(service(VIP + i, 80 + i, i % 2 == 0 ? TCP : UDP, i));
        }
        specs.forEach(builder::put);
        Set<ServiceSpec> read = new HashSet<>();
        table.forEach(read::add);
        assertEquals(specs.stream().map(ServiceTableTest::sorted).collect(Collectors.toSet()),
            read.stream().map(ServiceTableTest::sorted).collect(Collectors.toSet()));
    }

    @Test
    void aBackendListedTwiceIsRefusedAndLeaksNothing() {
        long before = arena.freeBytes();
        Backend backend = Backend.ready(IpAddress.ipv4(1), 1);
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
        assertThrows(TableFullException.class, () -> smallBuilder.put(service(VIP, 80, TCP, 2000)));
        assertThrows(TableFullException.class, () -> smallBuilder.put(service(VIP, 81, TCP, 2000)));
        assertEquals(free, small.freeBytes());
        ServiceTable smallTable = new ServiceTable(smallBase, 8192, ROOTS);
        assertEquals(2, count(smallTable.find(VIP, 80, TCP)));
        assertEquals(0, smallTable.find(VIP, 81, TCP));
    }

    @Test
    void aBlockThatClaimsMoreThanTheRegionIsAbsent() {
        builder.put(service(VIP, 80, TCP, 2));
        long block = table.find(VIP, 80, TCP);
        for (int field : new int[]{24, 28, 32, 36, 40, 44, 48, 52, 56}) {
            int right = Memory.nativeI32(block + field);
            for (int wrong : new int[]{-1, Integer.MIN_VALUE, Integer.MAX_VALUE, right + 3, SIZE}) {
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
            assertEquals(10, count(table.find(0x0A60_0000 + i, 80, TCP)));
        }
    }

    @Test
    void eachPolicyChoosesAmongItsOwnBackends() {
        for (boolean maglev : new boolean[]{false, true}) {
            Backend onlyLocal = backend(1, Backend.LOCAL | Backend.LOCAL_SET);
            Backend both = backend(2, Backend.LOCAL | Backend.LOCAL_SET | Backend.CLUSTER_SET | Backend.SERVING);
            Backend onlyCluster = backend(3, Backend.CLUSTER_SET | Backend.SERVING);
            Backend neither = backend(0, Backend.SERVING);
            builder
                .put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP), 80, TCP), FrontendKind.NODE_PORT, "a/b", true,
                    maglev, 0, List.of(), List.of(onlyCluster, neither, both, onlyLocal)));
            long block = table.find(VIP, 80, TCP);
            assertTrue(ServiceTable.isPolicyLocal(block));
            assertEquals(maglev, ServiceTable.isMaglev(block));
            assertEquals(Set.of(both.packed(), onlyCluster.packed()), chosen(hash -> ServiceTable.choose(block, hash)));
            assertEquals(Set.of(both.packed(), onlyLocal.packed()),
                chosen(hash -> ServiceTable.chooseLocal(block, hash)));
            assertEquals(neither.packed(), ServiceTable.backend(block, neither.ip().toInt(), neither.port()));
        }
    }

    @Test
    void backendsThatOnlyKeepTheirFlowsAreNoBackendsOfNewOnes() {
        builder.put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP), 80, TCP), "a/b",
            List.of(backend(1, Backend.SERVING))));
        long block = table.find(VIP, 80, TCP);
        assertFalse(ServiceTable.hasBackends(block));
        assertEquals(Backend.NONE, ServiceTable.choose(block, -1));
        assertEquals(Backend.NONE, ServiceTable.chooseLocal(block, -1));
    }

    @Test
    void sourceRangesSayWhoIsServed() {
        put(List.of());
        assertTrue(ServiceTable.isAllowed(table.find(VIP, 80, TCP), 0x01020304));
        put(List.of(IpPrefix.of("192.0.2.0/24"), IpPrefix.of("10.0.0.1/32")));
        long block = table.find(VIP, 80, TCP);
        assertTrue(ServiceTable.isAllowed(block, 0xC000_02FF));
        assertTrue(ServiceTable.isAllowed(block, 0x0A00_0001));
        assertFalse(ServiceTable.isAllowed(block, 0xC000_0300));
        assertFalse(ServiceTable.isAllowed(block, 0x0A00_0002));
        put(List.of(IpPrefix.of("0.0.0.0/0")));
        assertTrue(ServiceTable.isAllowed(table.find(VIP, 80, TCP), -1));
    }

    @Test
    void aFrontendOnTheNodeIsFoundByPortAndIsNoClusterIp() {
        ServiceKey key = new ServiceKey(ServiceKey.NODE_ADDRESSES, 30_080, TCP);
        assertTrue(key.isOnNode());
        builder.put(new ServiceSpec(key, FrontendKind.NODE_PORT, "a/b", false, false, 10, List.of(), List.of()));
        long block = table.findOnNode(30_080, TCP);
        assertEquals(FrontendKind.NODE_PORT, ServiceTable.kind(block));
        assertEquals(10, ServiceTable.affinitySeconds(block));
        assertEquals(0, table.findOnNode(30_080, UDP));
        assertFalse(table.isClusterIp(0));
    }

    @Test
    void anAddressThatChangesItsKindIsNoClusterIpAnyMore() {
        builder.put(service(VIP, 80, TCP, 1));
        builder
            .put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP), 80, TCP), FrontendKind.EXTERNAL_IP, "a/b", false,
                false, 0, List.of(), List.of()));
        assertFalse(table.isClusterIp(VIP));
        builder.put(service(VIP, 80, TCP, 1));
        assertTrue(table.isClusterIp(VIP));
    }

    @Test
    void theFrontendsOfAServicePortShareTheirAffinity() {
        put(List.of());
        long id = ServiceTable.affinityId(table.find(VIP, 80, TCP));
        builder.put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP + 1), 81, TCP), "a/b", List.of()));
        builder.put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP + 1), 81, UDP), "a/b", List.of()));
        assertEquals(id, ServiceTable.affinityId(table.find(VIP + 1, 81, TCP)));
        assertNotEquals(id, ServiceTable.affinityId(table.find(VIP + 1, 81, UDP)));
    }

    private void put(List<IpPrefix> sourceRanges) {
        builder.put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP), 80, TCP), FrontendKind.LOAD_BALANCER, "a/b",
            false, false, 0, sourceRanges, List.of()));
    }

    private static Backend backend(int last, int flags) {
        return new Backend(IpAddress.ipv4(0x0AF4_0100 + last), 8080, flags);
    }

    private static Set<Long> chosen(IntToLongFunction choice) {
        Set<Long> all = new HashSet<>();
        for (int hash = -2_000_000_000; hash < 2_000_000_000; hash += 1_000_003) {
            all.add(choice.applyAsLong(hash));
        }
        return all;
    }

    private static ServiceSpec maglev(int vip, List<Backend> backends) {
        return new ServiceSpec(new ServiceKey(IpAddress.ipv4(vip), 80, TCP), FrontendKind.CLUSTER_IP, "ns/service-80",
            false, true, 0, List.of(), backends);
    }

    private static ServiceSpec sorted(ServiceSpec spec) {
        return new ServiceSpec(spec.key(), spec.name(),
            spec.backends().stream().sorted(Comparator.comparing(Backend::ip)).toList()).withPaused(spec.paused());
    }

    private static int count(long block) {
        Set<Long> all = chosen(hash -> ServiceTable.choose(block, hash));
        all.remove(Backend.NONE);
        return all.size();
    }

    private static ServiceSpec service(int vip, int port, int protocol, int backends) {
        List<Backend> list = new ArrayList<>();
        for (int i = 0; i < backends; i++) {
            list.add(i % 2 == 0 ? Backend.ready(IpAddress.ipv4(0x0AF4_0102 + i), 8080)
                : Backend.readyHere(IpAddress.ipv4(0x0AF4_0102 + i), 8080));
        }
        return new ServiceSpec(new ServiceKey(IpAddress.ipv4(vip), port, protocol), "ns/service-" + port, list);
    }
}
