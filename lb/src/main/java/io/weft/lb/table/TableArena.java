package io.weft.lb.table;

import io.weft.encap.memory.Memory;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Allocator of blocks inside one mapped region that readers, also in other processes, read while it changes.
 *
 * <p>Blocks are named by their offset from the start of the region, because each process maps it at another address. A block that readers
 * may still use is not freed but {@linkplain #retire retired}: it becomes free once every reader works with a table generation in which it
 * cannot be found. So a change of the tables has these steps: change, retire what was replaced, publish the next generation, call
 * {@link #setPendingGeneration}. Call {@link #reclaim} periodically.
 *
 * <p>Best fit with coalescing, O(log n). The free lists are on the heap of the only writer, so a new writer starts a new region. Threads:
 * one, the tables' writer. Allocation: yes (control plane).
 */
public final class TableArena {
    /** Blocks start at multiples of a cache line. */
    public static final int ALIGNMENT = 64;

    private final long base;
    private final long size;
    private final TreeMap<Long, Long> freeByOffset = new TreeMap<>();
    private final TreeSet<Extent> freeBySize = new TreeSet<>();
    private final Map<Long, Long> allocated = new HashMap<>();
    private final ArrayDeque<Retired> retired = new ArrayDeque<>();
    private long freeBytes;
    private long retiredBytes;
    private long pendingGeneration = 1;

    /**
     * @param base address of the region, a multiple of 64
     * @param reserved bytes at its start that are not the arena's (headers, roots of maps); at least one cache line is kept, so that no
     *     block has offset 0
     * @param size of the region in bytes
     */
    public TableArena(long base, long reserved, long size) {
        if (base % ALIGNMENT != 0 || reserved < 0 || reserved >= size) {
            throw new IllegalArgumentException(
                "a table arena of %d bytes cannot start at %#x with %d bytes reserved".formatted(size, base, reserved));
        }
        this.base = base;
        this.size = size;
        long first = roundUp(Math.max(reserved, ALIGNMENT));
        addFree(first, size / ALIGNMENT * ALIGNMENT - first);
    }

    /** Address of the region's first byte in this process. */
    public long base() {
        return base;
    }

    /** Bytes of the region. */
    public long size() {
        return size;
    }

    /** Address of a block in this process. */
    public long address(long offset) {
        return base + offset;
    }

    /**
     * @param bytes at least 1
     * @return offset of a zeroed block, a positive multiple of {@link #ALIGNMENT}
     * @throws TableFullException when no free extent is large enough
     */
    public long allocate(long bytes) {
        if (bytes <= 0) { throw new IllegalArgumentException("a block must have at least 1 byte, not " + bytes); }
        long length = roundUp(bytes);
        Extent extent = freeBySize.ceiling(new Extent(length, 0));
        if (extent == null) {
            throw new TableFullException(
                "no room for a block of %d bytes in the tables: %d of %d bytes free, %d waiting for readers"
                    .formatted(bytes, freeBytes, size, retiredBytes));
        }
        removeFree(extent.offset, extent.length);
        if (extent.length > length) {
            addFree(extent.offset + length, extent.length - length);
        }
        allocated.put(extent.offset, length);
        Memory.zero(base + extent.offset, length);
        return extent.offset;
    }

    /** Frees a block that no reader can have found. */
    public void free(long offset) {
        Long length = allocated.remove(offset);
        if (length == null) { throw new IllegalArgumentException("no block at offset " + offset); }
        coalesce(offset, length);
    }

    /** Frees a block once every reader uses {@code generation}, the first in which the block cannot be found, or a later one. */
    public void retire(long offset, long generation) {
        Long length = allocated.get(offset);
        if (length == null) { throw new IllegalArgumentException("no block at offset " + offset); }
        retired.add(new Retired(offset, generation));
        retiredBytes += length;
    }

    /** {@link #retire(long, long)} with the generation that is being prepared. */
    public void retire(long offset) {
        retire(offset, pendingGeneration);
    }

    /** The generation that will publish the changes being made. */
    public long pendingGeneration() {
        return pendingGeneration;
    }

    /** Must be called with the number after the generation just published. */
    public void setPendingGeneration(long generation) {
        pendingGeneration = generation;
    }

    /**
     * Frees what was retired for {@code oldestActive} or earlier.
     *
     * @param oldestActive the lowest generation that any reader may still use, {@link Long#MAX_VALUE} when there is no reader
     * @return blocks freed
     */
    public int reclaim(long oldestActive) {
        int freed = 0;
        while (!retired.isEmpty() && retired.peek().generation <= oldestActive) {
            long offset = retired.remove().offset;
            retiredBytes -= allocated.get(offset);
            free(offset);
            freed++;
        }
        return freed;
    }

    /** Bytes that can be allocated (in one block only if they are adjacent). */
    public long freeBytes() {
        return freeBytes;
    }

    /** Bytes retired and not yet reclaimed. */
    public long retiredBytes() {
        return retiredBytes;
    }

    /** Bytes in blocks, including retired ones. */
    public long usedBytes() {
        return allocated.values().stream().mapToLong(Long::longValue).sum();
    }

    private void coalesce(long offset, long length) {
        long start = offset;
        long end = offset + length;
        Map.Entry<Long, Long> before = freeByOffset.lowerEntry(offset);
        if (before != null && before.getKey() + before.getValue() == start) {
            start = before.getKey();
            removeFree(start, before.getValue());
        }
        Long after = freeByOffset.get(end);
        if (after != null) {
            removeFree(end, after);
            end += after;
        }
        addFree(start, end - start);
    }

    private void addFree(long offset, long length) {
        if (length > 0) {
            freeByOffset.put(offset, length);
            freeBySize.add(new Extent(length, offset));
            freeBytes += length;
        }
    }

    private void removeFree(long offset, long length) {
        freeByOffset.remove(offset);
        freeBySize.remove(new Extent(length, offset));
        freeBytes -= length;
    }

    private static long roundUp(long bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    private record Retired(long offset, long generation) {
    }

    private record Extent(long length, long offset) implements Comparable<Extent> {
        @Override
        public int compareTo(Extent other) {
            int byLength = Long.compare(length, other.length);
            return byLength != 0 ? byLength : Long.compare(offset, other.offset);
        }
    }
}
