package io.weft.dataplane.frame;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;

/**
 * Frames that are longer than a chunk: which chunk goes on where another ends. The first segment of such a chain holds all headers and whatever an
 * ICMP error would quote ({@link #MIN_HEAD}), so nodes work on it as on any frame; {@link FrameBatch#length} counts all segments. Only who
 * frees, sends or sums a whole frame follows the chain.
 *
 * <p>A chain is known by any address in its first chunk. It lasts from its reception until its chunks are given back or to a device; a chunk
 * in the pool has no successor. When a node shortens a frame, segments past its end stay in the chain, empty, until then.
 *
 * <p>Thread: the worker whose pool it is. Allocation: none after construction.
 */
public final class FrameChains {
    /** Bytes that the first segment of a chain has at least; a port refuses others. The kernel's fill their chunk. */
    public static final int MIN_HEAD = 1024;

    private final FramePool pool;
    /** By chunk: the first byte of the following segment, or 0. */
    private final long[] next;
    /** By chunk, in a chain: the address behind the segment's last byte. */
    private final long[] end;

    FrameChains(FramePool pool) {
        this.pool = pool;
        next = new long[pool.chunks()];
        end = new long[pool.chunks()];
    }

    /** Begins a chain. */
    public void begin(long at, int length) {
        end[index(at)] = at + length;
    }

    /** Goes on with the chain whose last segment is {@code last}. */
    public void append(long last, long at, int length) {
        next[index(last)] = at;
        end[index(at)] = at + length;
    }

    /** Whether the frame has more than one segment. */
    public boolean isChain(long at) {
        return next[index(at)] != 0;
    }

    /** First byte of the segment behind that at {@code at}, or 0. */
    public long next(long at) {
        return next[index(at)];
    }

    /** Bytes from {@code at} to the end of its segment, and at most {@code remaining}, those to the end of the frame. */
    public int segment(long at, int remaining) {
        int chunk = index(at);
        return next[chunk] == 0 ? remaining : (int) Math.min(remaining, end[chunk] - at);
    }

    /** Ends the chain behind this segment; who calls it has the rest in hand. @return the segment behind, or 0 */
    public long unlink(long at) {
        int chunk = index(at);
        long following = next[chunk];
        next[chunk] = 0;
        return following;
    }

    /** Segments that {@code length} bytes from {@code at} on lie in. */
    public int segments(long at, int length) {
        int count = 0;
        int remaining = length;
        for (long segment = at; remaining > 0 && segment != 0; segment = next(segment)) {
            remaining -= segment(segment, remaining);
            count++;
        }
        return count;
    }

    /** Chunks of a frame, those behind its end included. */
    public int chunks(long at) {
        int count = 0;
        for (long segment = at; segment != 0; segment = next(segment)) {
            count++;
        }
        return count;
    }

    /** Gives all chunks of a frame, chain or not, back to the pool. */
    public void free(long at) {
        long segment = at;
        while (segment != 0) {
            long following = unlink(segment);
            pool.free(segment);
            segment = following;
        }
    }

    /** {@link InternetChecksum#sum} over {@code length} bytes from {@code at} on; a segment at an odd offset counts with its bytes swapped. */
    public long sum(long at, int length) {
        long sum = 0;
        int remaining = length;
        for (long segment = at; remaining > 0 && segment != 0; segment = next(segment)) {
            int bytes = segment(segment, remaining);
            int part = InternetChecksum.fold(InternetChecksum.sum(segment, bytes));
            boolean odd = (length - remaining & 1) != 0;
            sum += odd ? (part & 0xFF) << 8 | part >>> 8 : part;
            remaining -= bytes;
        }
        return sum;
    }

    /**
     * Copies a part of a frame, chain or not, to one place.
     *
     * @param at an address in the frame's first segment
     * @param skip bytes between {@code at} and the part
     */
    public void copy(long at, int skip, long target, int bytes) {
        long segment = at;
        int before = skip;
        int copied = 0;
        while (copied < bytes && segment != 0) {
            int part = segment(segment, before + bytes - copied) - before;
            if (part > 0) {
                Memory.copy(segment + before, target + copied, part);
                copied += part;
                before = 0;
            } else {
                before = -part;
            }
            segment = next(segment);
        }
    }

    private int index(long address) {
        return pool.index(address);
    }
}
