package io.weft.lb.service;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.memory.Memory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Layout of a frontend in the tables, in machine order. Immutable once published: a change publishes a new block.
 *
 * <pre>
 *   0  vip                  4  port (16 bits)       6  protocol (16 bits)
 *   8  kind (8 bits), then the flags               12  affinity seconds      16  affinity id (64 bits)
 *  24  backends            28  of policy Local     32  first of policy Cluster
 *  36  of policy Cluster   40  entries of the lookup table of policy Cluster
 *  44  of policy Local     48  source ranges       52  bytes of the name     56  bytes of the block
 *  64  backends, packed, 64 bits each; source ranges, 32 bits of address and 32 of mask each; the two lookup tables, 16 bits an entry,
 *      with Maglev only; the name, UTF-8
 * </pre>
 *
 * <p>The backends are in the order of {@link BackendOrder}, so that each policy's are next to each other.
 */
final class ServiceBlock {
    static final int HEADER_LENGTH = 64;

    private static final int VIP = 0;
    private static final int PORT = 4;
    private static final int PROTOCOL = 6;
    private static final int FLAGS = 8;
    private static final int AFFINITY_SECONDS = 12;
    private static final int AFFINITY_ID = 16;
    private static final int BACKEND_COUNT = 24;
    private static final int LOCAL_COUNT = 28;
    private static final int CLUSTER_FIRST = 32;
    private static final int CLUSTER_COUNT = 36;
    private static final int CLUSTER_LOOKUP_SIZE = 40;
    private static final int LOCAL_LOOKUP_SIZE = 44;
    private static final int RANGE_COUNT = 48;
    private static final int NAME_LENGTH = 52;
    private static final int LENGTH = 56;

    private static final int KIND_MASK = 0xFF;
    private static final int POLICY_LOCAL = 1 << 8;
    private static final int MAGLEV = 1 << 9;
    private static final int PAUSED = 1 << 10;
    private static final int MASK_AT = 4;

    private ServiceBlock() {
    }

    /** Index and number of the backends of a policy. */
    record Span(int first, int count) {
    }

    static long lengthFor(int backends, int ranges, int lookupEntries, int nameLength) {
        return HEADER_LENGTH + (long) (backends + ranges) * Long.BYTES + (long) lookupEntries * Character.BYTES
            + nameLength;
    }

    /** @param order the backends, with the lookup tables that number them */
    static void write(long block, ServiceSpec spec, BackendOrder order, byte[] name) {
        List<Backend> backends = order.backends();
        Memory.putNativeI32(block + VIP, spec.key().vip().toInt());
        Memory.putNativeU16(block + PORT, spec.key().port());
        Memory.putNativeU16(block + PROTOCOL, spec.key().protocol());
        Memory.putNativeI32(block + FLAGS,
            spec.kind() | (spec.policyLocal() ? POLICY_LOCAL : 0) | (spec.maglev() ? MAGLEV : 0)
                | (spec.paused() ? PAUSED : 0));
        Memory.putNativeI32(block + AFFINITY_SECONDS, spec.affinitySeconds());
        Memory.putNativeI64(block + AFFINITY_ID, spec.affinityId());
        Memory.putNativeI32(block + BACKEND_COUNT, backends.size());
        Memory.putNativeI32(block + LOCAL_COUNT, order.local().count());
        Memory.putNativeI32(block + CLUSTER_FIRST, order.cluster().first());
        Memory.putNativeI32(block + CLUSTER_COUNT, order.cluster().count());
        Memory.putNativeI32(block + CLUSTER_LOOKUP_SIZE, order.clusterLookup().length);
        Memory.putNativeI32(block + LOCAL_LOOKUP_SIZE, order.localLookup().length);
        Memory.putNativeI32(block + RANGE_COUNT, spec.sourceRanges().size());
        Memory.putNativeI32(block + NAME_LENGTH, name.length);
        Memory.putNativeI32(block + LENGTH, (int) lengthFor(backends.size(), spec.sourceRanges().size(),
            order.lookupEntries(), name.length));
        for (int i = 0; i < backends.size(); i++) {
            Memory.putNativeI64(backendAt(block, i), backends.get(i).packed());
        }
        for (int i = 0; i < spec.sourceRanges().size(); i++) {
            IpPrefix range = spec.sourceRanges().get(i);
            Memory.putNativeI32(rangeAt(block, i), range.base().toInt());
            Memory.putNativeI32(rangeAt(block, i) + MASK_AT, Ipv4Address.mask(range.length()));
        }
        putLookup(clusterLookupAt(block), order.clusterLookup());
        putLookup(localLookupAt(block), order.localLookup());
        Memory.copyIn(name, 0, nameAt(block), name.length);
    }

    private static void putLookup(long at, char[] lookup) {
        for (int i = 0; i < lookup.length; i++) {
            Memory.putNativeU16(at + (long) i * Character.BYTES, lookup[i]);
        }
    }

    /** Whether the block's parts lie inside the block, and the block inside the {@code remaining} bytes of the region. */
    static boolean isWhole(long block, long remaining) {
        if (remaining < HEADER_LENGTH) { return false; }
        int backends = backendCount(block);
        int local = localCount(block);
        int first = Memory.nativeI32(block + CLUSTER_FIRST);
        int cluster = clusterCount(block);
        int clusterLookup = Memory.nativeI32(block + CLUSTER_LOOKUP_SIZE);
        int localLookup = Memory.nativeI32(block + LOCAL_LOOKUP_SIZE);
        int ranges = Memory.nativeI32(block + RANGE_COUNT);
        int name = Memory.nativeI32(block + NAME_LENGTH);
        if ((backends | local | first | cluster | clusterLookup | localLookup | ranges | name) < 0) { return false; }
        long length = HEADER_LENGTH + ((long) backends + ranges) * Long.BYTES
            + ((long) clusterLookup + localLookup) * Character.BYTES + name;
        return local <= backends && (long) first + cluster <= backends
            && (clusterLookup != 0) == (isMaglev(block) && cluster != 0)
            && (localLookup != 0) == (isMaglev(block) && local != 0)
            && Memory.nativeI32(block + LENGTH) == length && length <= remaining;
    }

    static int kind(long block) {
        return Memory.nativeI32(block + FLAGS) & KIND_MASK;
    }

    static boolean isPolicyLocal(long block) {
        return (Memory.nativeI32(block + FLAGS) & POLICY_LOCAL) != 0;
    }

    static boolean isMaglev(long block) {
        return (Memory.nativeI32(block + FLAGS) & MAGLEV) != 0;
    }

    static boolean isPaused(long block) {
        return (Memory.nativeI32(block + FLAGS) & PAUSED) != 0;
    }

    static int affinitySeconds(long block) {
        return Memory.nativeI32(block + AFFINITY_SECONDS);
    }

    static long affinityId(long block) {
        return Memory.nativeI64(block + AFFINITY_ID);
    }

    static int backendCount(long block) {
        return Memory.nativeI32(block + BACKEND_COUNT);
    }

    static int localCount(long block) {
        return Memory.nativeI32(block + LOCAL_COUNT);
    }

    static int clusterCount(long block) {
        return Memory.nativeI32(block + CLUSTER_COUNT);
    }

    static long backend(long block, int index) {
        return Memory.nativeI64(backendAt(block, index));
    }

    static long chooseCluster(long block, int hash) {
        int count = clusterCount(block);
        if (count == 0) { return Backend.NONE; }
        return isMaglev(block)
            ? lookUp(block, clusterLookupAt(block), Memory.nativeI32(block + CLUSTER_LOOKUP_SIZE), hash)
            : backend(block, Memory.nativeI32(block + CLUSTER_FIRST) + scale(hash, count));
    }

    static long chooseLocal(long block, int hash) {
        int count = localCount(block);
        if (count == 0) { return Backend.NONE; }
        return isMaglev(block)
            ? lookUp(block, localLookupAt(block), Memory.nativeI32(block + LOCAL_LOOKUP_SIZE), hash)
            : backend(block, scale(hash, count));
    }

    private static long lookUp(long block, long lookup, int size, int hash) {
        int index = Memory.nativeU16(lookup + (long) scale(hash, size) * Character.BYTES);
        return index < backendCount(block) ? backend(block, index) : Backend.NONE;
    }

    /** A number below {@code bound}, by the hash's high bits (a multiplication instead of a division). */
    private static int scale(int hash, int bound) {
        return (int) ((hash & 0xFFFF_FFFFL) * bound >>> 32);
    }

    /** Whether the source ranges contain an address, or there are none. */
    static boolean isAllowed(long block, int source) {
        int ranges = Memory.nativeI32(block + RANGE_COUNT);
        for (int i = 0; i < ranges; i++) {
            long at = rangeAt(block, i);
            if ((source & Memory.nativeI32(at + MASK_AT)) == Memory.nativeI32(at)) { return true; }
        }
        return ranges == 0;
    }

    /** For output; allocates. */
    static ServiceSpec read(long block) {
        List<Backend> backends = new ArrayList<>();
        for (int i = 0; i < backendCount(block); i++) {
            backends.add(Backend.of(backend(block, i)));
        }
        List<IpPrefix> ranges = new ArrayList<>();
        for (int i = 0; i < Memory.nativeI32(block + RANGE_COUNT); i++) {
            int mask = Memory.nativeI32(rangeAt(block, i) + MASK_AT);
            ranges.add(new IpPrefix(IpAddress.ipv4(Memory.nativeI32(rangeAt(block, i))), Integer.bitCount(mask)));
        }
        byte[] name = new byte[Memory.nativeI32(block + NAME_LENGTH)];
        Memory.copyOut(nameAt(block), name, 0, name.length);
        ServiceKey key = new ServiceKey(IpAddress.ipv4(Memory.nativeI32(block + VIP)), Memory.nativeU16(block + PORT),
            Memory.nativeU16(block + PROTOCOL));
        return new ServiceSpec(key, kind(block), new String(name, StandardCharsets.UTF_8), isPolicyLocal(block),
            isMaglev(block), affinitySeconds(block), ranges, backends, isPaused(block));
    }

    private static long backendAt(long block, int index) {
        return block + HEADER_LENGTH + (long) index * Long.BYTES;
    }

    private static long rangeAt(long block, int index) {
        return backendAt(block, backendCount(block) + index);
    }

    private static long clusterLookupAt(long block) {
        return rangeAt(block, Memory.nativeI32(block + RANGE_COUNT));
    }

    private static long localLookupAt(long block) {
        return clusterLookupAt(block) + (long) Memory.nativeI32(block + CLUSTER_LOOKUP_SIZE) * Character.BYTES;
    }

    private static long nameAt(long block) {
        return localLookupAt(block) + (long) Memory.nativeI32(block + LOCAL_LOOKUP_SIZE) * Character.BYTES;
    }
}
