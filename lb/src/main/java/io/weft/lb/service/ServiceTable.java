package io.weft.lb.service;

import io.weft.lb.table.PublishedMap;
import java.util.function.Consumer;

/**
 * The frontends of Services, as a worker reads them. A lookup costs the same with one service as with ten thousand.
 *
 * <p>Consists of two {@link PublishedMap}s, whose roots are next to each other: (address, port, protocol) to the frontend's block, and
 * address to the number of its ClusterIP frontends. {@link ServiceTableBuilder} writes them.
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

    /** @return address of the block of the frontend that has this address itself, or 0 */
    public long find(int vip, int port, int protocol) {
        return block(services.get(ServiceKey.pack(vip, port, protocol)));
    }

    /** The frontend on the node's own addresses ({@link ServiceKey#NODE_ADDRESSES}): a NodePort or a hostPort. */
    public long findOnNode(int port, int protocol) {
        return block(services.get(ServiceKey.pack(0, port, protocol)));
    }

    /** Whether a Service has this ClusterIP, on any port. */
    public boolean isClusterIp(int ip) {
        return addresses.get(ip) > 0;
    }

    /** One of {@link FrontendKind}. */
    public static int kind(long block) {
        return ServiceBlock.kind(block);
    }

    /** Whether the traffic policy that applies to the frontend is Local. */
    public static boolean isPolicyLocal(long block) {
        return ServiceBlock.isPolicyLocal(block);
    }

    /** Whether backends are chosen by the flow's hash; otherwise any number that is different for each flow serves as well. */
    public static boolean isMaglev(long block) {
        return ServiceBlock.isMaglev(block);
    }

    /** Seconds; 0 without affinity. */
    public static int affinitySeconds(long block) {
        return ServiceBlock.affinitySeconds(block);
    }

    /** The same for all frontends of a Service's port, and after a restart. */
    public static long affinityId(long block) {
        return ServiceBlock.affinityId(block);
    }

    /** Whether clients from this address are served (loadBalancerSourceRanges). O(ranges). */
    public static boolean isAllowed(long block, int source) {
        return ServiceBlock.isAllowed(block, source);
    }

    /** Whether an operator has paused the Service: it gets no new flows. */
    public static boolean isPaused(long block) {
        return ServiceBlock.isPaused(block);
    }

    /** Whether new flows have a backend anywhere in the cluster. */
    public static boolean hasBackends(long block) {
        return ServiceBlock.clusterCount(block) + ServiceBlock.localCount(block) != 0;
    }

    /**
     * Chooses among the backends of policy Cluster.
     *
     * @param hash all 32 bits; of the flow, or random ({@link #isMaglev})
     * @return a packed {@link Backend}; {@link Backend#NONE} when there is none
     */
    public static long choose(long block, int hash) {
        return ServiceBlock.chooseCluster(block, hash);
    }

    /** {@link #choose} among the backends of policy Local. */
    public static long chooseLocal(long block, int hash) {
        return ServiceBlock.chooseLocal(block, hash);
    }

    /**
     * The backend with this address and port, in whichever set or none; O(backends).
     *
     * @return a packed {@link Backend}, whose flags tell its sets; {@link Backend#NONE} when there is none
     */
    public static long backend(long block, int ip, int port) {
        int count = ServiceBlock.backendCount(block);
        for (int i = 0; i < count; i++) {
            long backend = ServiceBlock.backend(block, i);
            if (Backend.ip(backend) == ip && Backend.port(backend) == port) { return backend; }
        }
        return Backend.NONE;
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

    /** Visits the keys of all frontends, in no order; costs nanoseconds each, without allocation. */
    public void forEachKey(KeyConsumer consumer) {
        services.forEach((key, offset) -> {
            long block = block(offset);
            if (block != 0) {
                consumer.accept(ServiceKey.vip(key), ServiceKey.port(key), ServiceKey.protocol(key),
                    ServiceBlock.kind(block));
            }
        });
    }

    /** Receives the frontends of {@link #forEachKey}. */
    @FunctionalInterface
    public interface KeyConsumer {
        /**
         * @param vip 0 for the node's own addresses
         * @param kind one of {@link FrontendKind}
         */
        void accept(int vip, int port, int protocol, int kind);
    }

    private long block(long offset) {
        boolean whole = offset != PublishedMap.MISSING && offset < size
            && ServiceBlock.isWhole(base + offset, size - offset);
        return whole ? base + offset : 0;
    }
}
