package io.weft.lb.service;

import io.weft.lb.table.PublishedMap;
import io.weft.lb.table.TableArena;
import io.weft.lb.table.TableFullException;
import java.nio.charset.StandardCharsets;
import java.util.function.IntConsumer;

/**
 * Writes the frontends that {@link ServiceTable} reads. A change costs O(the service's backends), independent of the number of services.
 * Readers see it at once and as a whole. Replaced blocks are retired to the arena's pending generation.
 *
 * <p>Threads: one, the tables' writer. Allocation: yes (control plane).
 */
public final class ServiceTableBuilder {
    private final TableArena arena;
    private final PublishedMap services;
    private final PublishedMap addresses;
    private final Maglev maglev = new Maglev();
    private final IntConsumer onChange;

    /** {@link #ServiceTableBuilder(TableArena, long, int, IntConsumer)} for readers that need not know what changed. */
    public ServiceTableBuilder(TableArena arena, long rootsOffset, int expectedServices) {
        this(arena, rootsOffset, expectedServices, address -> {
        });
    }

    /**
     * Publishes an empty table.
     *
     * @param rootsOffset offset of {@link ServiceTable#ROOTS_LENGTH} bytes, a multiple of 8
     * @param onChange told the address of each service that was added, replaced or removed, when readers can see it
     */
    public ServiceTableBuilder(TableArena arena, long rootsOffset, int expectedServices, IntConsumer onChange) {
        this.arena = arena;
        this.onChange = onChange;
        services = new PublishedMap(arena, rootsOffset, expectedServices);
        addresses = new PublishedMap(arena, rootsOffset + ServiceTable.ADDRESSES_ROOT, expectedServices);
    }

    /**
     * Adds or replaces a service.
     *
     * @throws TableFullException when there is no room; the service is then unchanged
     */
    public void put(ServiceSpec spec) {
        long key = spec.key().packed();
        long block = compile(spec);
        long before;
        try {
            before = services.put(key, block);
        } catch (TableFullException full) {
            arena.free(block);
            throw full;
        }
        if (before == PublishedMap.MISSING) {
            add(spec, block);
        } else {
            boolean was = isClusterIp(before);
            arena.retire(before);
            count(spec.key(), (spec.kind() == FrontendKind.CLUSTER_IP ? 1 : 0) - (was ? 1 : 0));
        }
        onChange.accept(spec.key().vip().toInt());
    }

    /** @return whether the service existed */
    public boolean remove(ServiceKey key) {
        long before = services.remove(key.packed());
        if (before == PublishedMap.MISSING) { return false; }
        count(key, isClusterIp(before) ? -1 : 0);
        arena.retire(before);
        onChange.accept(key.vip().toInt());
        return true;
    }

    public int size() {
        return services.size();
    }

    private void add(ServiceSpec spec, long block) {
        try {
            count(spec.key(), spec.kind() == FrontendKind.CLUSTER_IP ? 1 : 0);
        } catch (TableFullException full) {
            services.remove(spec.key().packed());
            arena.retire(block);
            throw full;
        }
    }

    private boolean isClusterIp(long block) {
        return ServiceBlock.kind(arena.address(block)) == FrontendKind.CLUSTER_IP;
    }

    /** Counts the ClusterIP frontends of an address. */
    private void count(ServiceKey key, int change) {
        if (change == 0) { return; }
        int address = key.vip().toInt();
        long now = Math.max(addresses.get(address), 0) + change;
        if (now == 0) {
            addresses.remove(address);
        } else {
            addresses.put(address, now);
        }
    }

    private long compile(ServiceSpec spec) {
        BackendOrder order = BackendOrder.of(spec, spec.maglev() ? maglev : null);
        byte[] name = spec.name().getBytes(StandardCharsets.UTF_8);
        long length = ServiceBlock.lengthFor(order.backends().size(), spec.sourceRanges().size(),
            order.lookupEntries(), name.length);
        long block = arena.allocate(length);
        ServiceBlock.write(arena.address(block), spec, order, name);
        return block;
    }
}
