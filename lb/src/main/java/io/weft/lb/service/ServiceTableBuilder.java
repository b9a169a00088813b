package io.weft.lb.service;

import io.weft.lb.table.PublishedMap;
import io.weft.lb.table.TableArena;
import io.weft.lb.table.TableFullException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Writes the services that {@link ServiceTable} reads. A change costs O(the service's backends), independent of the number of services.
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
        if (before != PublishedMap.MISSING) {
            arena.retire(before);
        } else {
            countAddress(spec.key(), block);
        }
        onChange.accept(spec.key().vip().toInt());
    }

    /** @return whether the service existed */
    public boolean remove(ServiceKey key) {
        long before = services.remove(key.packed());
        if (before == PublishedMap.MISSING) { return false; }
        arena.retire(before);
        long others = addresses.get(key.vip().toInt()) - 1;
        if (others == 0) {
            addresses.remove(key.vip().toInt());
        } else {
            addresses.put(key.vip().toInt(), others);
        }
        onChange.accept(key.vip().toInt());
        return true;
    }

    public int size() {
        return services.size();
    }

    private void countAddress(ServiceKey key, long block) {
        try {
            addresses.put(key.vip().toInt(), Math.max(addresses.get(key.vip().toInt()), 0) + 1);
        } catch (TableFullException full) {
            services.remove(key.packed());
            arena.retire(block);
            throw full;
        }
    }

    /** Backends sorted by address and port, so that every node has the same lookup table. */
    private long compile(ServiceSpec spec) {
        List<Backend> sorted = new ArrayList<>(spec.backends());
        sorted.sort(Comparator.comparingLong(Backend::identity));
        byte[] name = spec.name().getBytes(StandardCharsets.UTF_8);
        char[] lookup = sorted.isEmpty() ? new char[0] : maglev.fill(identities(spec, sorted));
        long block = arena.allocate(ServiceBlock.lengthFor(sorted.size(), name.length));
        ServiceBlock.write(arena.address(block), spec, sorted, lookup, name);
        return block;
    }

    private static long[] identities(ServiceSpec spec, List<Backend> sorted) {
        long[] identities = new long[sorted.size()];
        for (int i = 0; i < identities.length; i++) {
            identities[i] = sorted.get(i).identity();
            if (i > 0 && identities[i] == identities[i - 1]) {
                throw new IllegalArgumentException(
                    "service %s has the backend %s twice".formatted(spec.name(), sorted.get(i)));
            }
        }
        return identities;
    }
}
