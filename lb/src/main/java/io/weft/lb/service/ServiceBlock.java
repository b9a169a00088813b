package io.weft.lb.service;

import io.weft.encap.address.IpAddress;
import io.weft.encap.memory.Memory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Layout of a service in the tables, in machine order. Immutable once published: a change publishes a new block.
 *
 * <pre>
 *   0  vip                 4  port (16 bits)      6  protocol (16 bits)
 *   8  flags              12  affinity seconds   16  backends          20  entries of the lookup table
 *  24  offset of the lookup table                28  offset of the name
 *  32  bytes of the name                         36  bytes of the block
 *  64  backends, packed, 64 bits each; then the lookup table, 16 bits an entry; then the name, UTF-8
 * </pre>
 */
final class ServiceBlock {
    static final int HEADER_LENGTH = 64;

    private static final int VIP = 0;
    private static final int PORT = 4;
    private static final int PROTOCOL = 6;
    private static final int FLAGS = 8;
    private static final int AFFINITY_SECONDS = 12;
    private static final int BACKEND_COUNT = 16;
    private static final int LOOKUP_SIZE = 20;
    private static final int LOOKUP_OFFSET = 24;
    private static final int NAME_OFFSET = 28;
    private static final int NAME_LENGTH = 32;
    private static final int LENGTH = 36;

    private ServiceBlock() {
    }

    static int lengthFor(int backends, int nameLength) {
        int lookup = backends == 0 ? 0 : Maglev.tableSize(backends) * Character.BYTES;
        return HEADER_LENGTH + backends * Long.BYTES + lookup + nameLength;
    }

    /** @param sorted the backends in the order the lookup table numbers them */
    static void write(long block, ServiceSpec spec, List<Backend> sorted, char[] lookup, byte[] name) {
        int lookupSize = sorted.isEmpty() ? 0 : Maglev.tableSize(sorted.size());
        int lookupOffset = HEADER_LENGTH + sorted.size() * Long.BYTES;
        int nameOffset = lookupOffset + lookupSize * Character.BYTES;
        Memory.putNativeI32(block + VIP, spec.key().vip().toInt());
        Memory.putNativeU16(block + PORT, spec.key().port());
        Memory.putNativeU16(block + PROTOCOL, spec.key().protocol());
        Memory.putNativeI32(block + FLAGS, spec.flags());
        Memory.putNativeI32(block + AFFINITY_SECONDS, spec.affinitySeconds());
        Memory.putNativeI32(block + BACKEND_COUNT, sorted.size());
        Memory.putNativeI32(block + LOOKUP_SIZE, lookupSize);
        Memory.putNativeI32(block + LOOKUP_OFFSET, lookupOffset);
        Memory.putNativeI32(block + NAME_OFFSET, nameOffset);
        Memory.putNativeI32(block + NAME_LENGTH, name.length);
        Memory.putNativeI32(block + LENGTH, nameOffset + name.length);
        for (int i = 0; i < sorted.size(); i++) {
            Memory.putNativeI64(backendAt(block, i), sorted.get(i).packed());
        }
        for (int i = 0; i < lookupSize; i++) {
            Memory.putNativeU16(block + lookupOffset + (long) i * Character.BYTES, lookup[i]);
        }
        Memory.copyIn(name, 0, block + nameOffset, name.length);
    }

    /** Whether the block's parts lie inside the block, and the block inside the {@code remaining} bytes of the region. */
    static boolean isWhole(long block, long remaining) {
        if (remaining < HEADER_LENGTH) { return false; }
        long length = Memory.nativeI32(block + LENGTH);
        long backends = backendCount(block);
        long lookupSize = Memory.nativeI32(block + LOOKUP_SIZE);
        long lookupOffset = Memory.nativeI32(block + LOOKUP_OFFSET);
        long nameOffset = Memory.nativeI32(block + NAME_OFFSET);
        long nameLength = Memory.nativeI32(block + NAME_LENGTH);
        return backends >= 0 && lookupSize >= 0 && nameLength >= 0 && (backends == 0) == (lookupSize == 0)
            && lookupOffset == HEADER_LENGTH + backends * Long.BYTES
            && nameOffset == lookupOffset + lookupSize * Character.BYTES
            && length == nameOffset + nameLength && length <= remaining;
    }

    static int flags(long block) {
        return Memory.nativeI32(block + FLAGS);
    }

    static int backendCount(long block) {
        return Memory.nativeI32(block + BACKEND_COUNT);
    }

    static long backend(long block, int index) {
        return Memory.nativeI64(backendAt(block, index));
    }

    /** The high bits of the hash select the entry (a multiplication instead of a division). */
    static long choose(long block, int hash) {
        long entry = (hash & 0xFFFF_FFFFL) * Memory.nativeI32(block + LOOKUP_SIZE) >>> 32;
        int index = Memory.nativeU16(block + Memory.nativeI32(block + LOOKUP_OFFSET) + entry * Character.BYTES);
        return index < backendCount(block) ? backend(block, index) : Backend.NONE;
    }

    /** For output; allocates. */
    static ServiceSpec read(long block) {
        List<Backend> backends = new ArrayList<>();
        for (int i = 0; i < backendCount(block); i++) {
            backends.add(Backend.of(backend(block, i)));
        }
        byte[] name = new byte[Memory.nativeI32(block + NAME_LENGTH)];
        Memory.copyOut(block + Memory.nativeI32(block + NAME_OFFSET), name, 0, name.length);
        ServiceKey key = new ServiceKey(IpAddress.ipv4(Memory.nativeI32(block + VIP)), Memory.nativeU16(block + PORT),
            Memory.nativeU16(block + PROTOCOL));
        return new ServiceSpec(key, new String(name, StandardCharsets.UTF_8), flags(block),
            Memory.nativeI32(block + AFFINITY_SECONDS), backends);
    }

    private static long backendAt(long block, int index) {
        return block + HEADER_LENGTH + (long) index * Long.BYTES;
    }
}
