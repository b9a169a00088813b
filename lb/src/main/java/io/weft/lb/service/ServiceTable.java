package io.weft.lb.service;

import io.weft.lb.table.PublishedMap;
import java.util.function.Consumer;

/**
 * The services, as a worker reads them. A lookup costs the same with one service as with ten thousand.
 *
 * <p>Consists of two {@link PublishedMap}s, whose roots are next to each other: (address, port, protocol) to the service's block, and
 * address to the number of services it has. {@link ServiceTableBuilder} writes them.
 *
 * <p>Threads: any. Allocation: none, except {@link #forEach}. A block address is valid until the worker moves to a newer table generation.
 * A block that is not completely inside the region counts as absent.
 */
public final class ServiceTable {
    /** Bytes of the roots. */
    public static final int ROOTS_LENGTH = 2 * PublishedMap.ROOT_LENGTH;

    static final int ADDRESSES_ROOT = PublishedMap.ROOT_LENGTH;

    private final long base;
    private final long size;
    private final PublishedMap.Reader services;
    private final PublishedMap.Reader addresses;

    /**
     * @param base address of the tables' region in this process
     * @param size of the region in bytes
     * @param rootsOffset offset of the {@link #ROOTS_LENGTH} bytes of roots, a multiple of 8
     */
    public ServiceTable(long base, long size, long rootsOffset) {
        this.base = base;
        this.size = size;
        services = new PublishedMap.Reader(base, size, rootsOffset);
        addresses = new PublishedMap.Reader(base, size, rootsOffset + ADDRESSES_ROOT);
    }

    /** @return address of the service's block, or 0 */
    public long find(int vip, int port, int protocol) {
        return block(services.get(ServiceKey.pack(vip, port, protocol)));
    }

    /** Whether any service has this address, on any port. */
    public boolean isServiceAddress(int ip) {
        return addresses.get(ip) > 0;
    }

    /** 0 if the service exists without endpoints. */
    public static int backendCount(long block) {
        return ServiceBlock.backendCount(block);
    }

    /** {@link ServiceSpec#flags}. */
    public static int flags(long block) {
        return ServiceBlock.flags(block);
    }

    /**
     * @param hash of the flow, all 32 bits
     * @return a packed {@link Backend}; {@link Backend#NONE} when there is none
     */
    public static long choose(long block, int hash) {
        return ServiceBlock.backendCount(block) == 0 ? Backend.NONE : ServiceBlock.choose(block, hash);
    }

    /** Whether this address and port are a backend of the service now; O(its backends), for revalidation. */
    public static boolean hasBackend(long block, int ip, int port) {
        int count = ServiceBlock.backendCount(block);
        for (int i = 0; i < count; i++) {
            long backend = ServiceBlock.backend(block, i);
            if (Backend.ip(backend) == ip && Backend.port(backend) == port) { return true; }
        }
        return false;
    }

    /** Visits all services, in no order; for output. */
    public void forEach(Consumer<ServiceSpec> consumer) {
        services.forEach((key, offset) -> {
            long block = block(offset);
            if (block != 0) {
                consumer.accept(ServiceBlock.read(block));
            }
        });
    }

    private long block(long offset) {
        boolean whole = offset != PublishedMap.MISSING && offset < size
            && ServiceBlock.isWhole(base + offset, size - offset);
        return whole ? base + offset : 0;
    }
}
