package io.weft.dataplane.frame;

import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;

/**
 * Frames that are longer than a chunk, as chains of segments. The first segment holds all headers and the part of the packet that an ICMP
 * error quotes ({@link #MIN_HEAD}), so nodes process it like any frame; {@link FrameBatch#length} counts all segments. Only code that
 * frees, sends or sums a whole frame follows the chain.
 *
 * <p>Any address in its first chunk identifies a chain. A chain exists from its reception until its chunks are freed or passed to a device;
 * a chunk in the pool has no successor. If a node shortens a frame, segments past its end stay in the chain until then.
 *
 * <p>Thread: the worker that owns the pool. Allocation: none after construction.
 */
public final class FrameChains {
    /**
     * Minimum number of bytes in the first segment of a chain; a port refuses a chain with fewer. The kernel's first segments fill their
     * chunk.
     */
    public static final int MIN_HEAD = 1024;

    private final FramePool pool;
    /** By chunk: the first byte of the next segment, or 0. */
    private final long[] next;
    /** By chunk of a chain: the address after the segment's last byte. */
    private final long[] end;

    FrameChains(FramePool pool) {
        this.pool = pool;
        next = new long[pool.chunks()];
        end = new long[pool.chunks()];
    }

    /** Starts a chain. */
    public void begin(long at, int length) {
        end[index(at)] = at + length;
    }

    /** Appends a segment to the chain whose last segment is {@code last}. */
    public void append(long last, long at, int length) {
        next[index(last)] = at;
        end[index(at)] = at + length;
    }

    /** Whether the frame has more than one segment. */
    public boolean isChain(long at) {
        return next[index(at)] != 0;
    }

    /** First byte of the segment after the one at {@code at}, or 0. */
    public long next(long at) {
        return next[index(at)];
    }

    /** Bytes from {@code at} to the end of its segment, at most {@code remaining}, which is the number of bytes to the end of the frame. */
    public int segment(long at, int remaining) {
        int chunk = index(at);
        return next[chunk] == 0 ? remaining : (int) Math.min(remaining, end[chunk] - at);
    }

    /**
     * Ends the chain after this segment. The caller keeps track of the rest.
     *
     * @return the next segment, or 0
     */
    public long unlink(long at) {
        int chunk = index(at);
        long following = next[chunk];
        next[chunk] = 0;
        return following;
    }

    /** Number of segments that contain the {@code length} bytes from {@code at}. */
    public int segments(long at, int length) {
        int count = 0;
        int remaining = length;
        for (long segment = at; remaining > 0 && segment != 0; segment = next(segment)) {
            remaining -= segment(segment, remaining);
            count++;
        }
        return count;
    }

    /** Number of chunks of a frame, including those past its end. */
    public int chunks(long at) {
        int count = 0;
        for (long segment = at; segment != 0; segment = next(segment)) {
            count++;
        }
        return count;
    }

    /** Frees all chunks of a frame, chain or not. */
    public void free(long at) {
        long segment = at;
        while (segment != 0) {
            long following = unlink(segment);
            pool.free(segment);
            segment = following;
        }
    }

    /** {@link InternetChecksum#sum} of {@code length} bytes from {@code at}. The sum of a segment at an odd offset is byte-swapped. */
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
     * Copies a part of a frame, chain or not, to contiguous memory.
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
