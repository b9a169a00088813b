package io.weft.dataplane.capture;

import io.weft.encap.memory.Memory;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * A mapped file that carries what the workers have seen of frames to the command that has asked for it: a header of one page, then a ring for
 * each worker (Agrona's {@link OneToOneRingBuffer}). The conductor creates it, with every page allocated; the command maps it for reading and
 * writing, because it moves the rings' heads. Words in machine order:
 *
 * <pre>
 *    0  magic, written last    8  layout version   12  workers   16  bytes of a ring
 *   24  id of the request     32  {@code System.nanoTime} at which the command was last seen, written by it
 *   40  1 once the dataplane writes no more
 *   64  for each worker: frames for which the ring had no room
 * </pre>
 */
public final class RingFile implements AutoCloseable {
    public static final int MIN_RING_BYTES = 1 << 16;
    public static final int MAX_RING_BYTES = 1 << 28;

    private static final int VERSION = 1;
    private static final long LEASE_NANOS = 3_000_000_000L;
    private static final int PAGE = 4096;
    private static final int H_MAGIC = 0;
    private static final int H_VERSION = 8;
    private static final int H_WORKERS = 12;
    private static final int H_RING = 16;
    private static final int H_ID = 24;
    private static final int H_SEEN = 32;
    private static final int H_ENDED = 40;
    private static final int H_LOST = 64;
    private static final int MAX_WORKERS = (PAGE - H_LOST) / Long.BYTES;

    private final MappedMemory memory;

    private RingFile(MappedMemory memory) {
        this.memory = memory;
    }

    /** Creates a zeroed file in the run directory that replaces one of the same name. */
    @FunctionalInterface
    public interface Files {
        MappedMemory replace(String name, long bytes);
    }

    /**
     * Whose messages a file carries.
     *
     * @param name in the run directory
     * @param magic the first word
     */
    public record Kind(String name, long magic) {
    }

    private static long sizeFor(int workers, int ringBytes) {
        return PAGE + (long) workers * stride(ringBytes);
    }

    private static long stride(int ringBytes) {
        return (ringBytes + RingBufferDescriptor.TRAILER_LENGTH + PAGE - 1L) & -PAGE;
    }

    /**
     * @param ringBytes of each worker's ring, a power of two
     * @param id of the request
     */
    public static RingFile create(Files files, Kind kind, int workers, int ringBytes, long id, long nowNanos) {
        MappedMemory memory = files.replace(kind.name(), sizeFor(workers, ringBytes));
        long at = memory.address();
        Memory.putNativeI32(at + H_VERSION, VERSION);
        Memory.putNativeI32(at + H_WORKERS, workers);
        Memory.putNativeI64(at + H_RING, ringBytes);
        Memory.putNativeI64(at + H_ID, id);
        Memory.putNativeI64(at + H_SEEN, nowNanos);
        Memory.setReleaseI64(at + H_MAGIC, kind.magic());
        return new RingFile(memory);
    }

    /** @throws LinuxException if there is none; IllegalArgumentException if it is of another layout or not whole */
    public static RingFile open(Path runDirectory, Kind kind) {
        Path path = runDirectory.resolve(kind.name());
        MappedMemory memory = MappedMemory.openFile(path);
        long at = memory.address();
        if (memory.size() < PAGE || Memory.getAcquireI64(at + H_MAGIC) != kind.magic()
            || Memory.nativeI32(at + H_VERSION) != VERSION) {
            memory.close();
            throw new IllegalArgumentException(path + ": not a " + kind.name() + " file of this version");
        }
        RingFile file = new RingFile(memory);
        long ring = Memory.nativeI64(at + H_RING);
        if (file.workers() < 1 || file.workers() > MAX_WORKERS || ring < MIN_RING_BYTES || ring > MAX_RING_BYTES
            || Long.bitCount(ring) != 1 || memory.size() < sizeFor(file.workers(), (int) ring)) {
            memory.close();
            throw new IllegalArgumentException(path + ": damaged");
        }
        return file;
    }

    public int workers() {
        return Memory.nativeI32(memory.address() + H_WORKERS);
    }

    /** Of the request that the file answers. */
    public long id() {
        return Memory.nativeI64(memory.address() + H_ID);
    }

    /** One thread may write, and one of another process read. */
    public OneToOneRingBuffer ring(int worker) {
        int bytes = (int) Memory.nativeI64(memory.address() + H_RING);
        return new OneToOneRingBuffer(new UnsafeBuffer(memory.address() + PAGE + worker * stride(bytes),
            bytes + RingBufferDescriptor.TRAILER_LENGTH));
    }

    /** Address of a worker's count of lost frames, which only that worker writes, by {@link #countLost}. */
    public long lostAt(int worker) {
        return memory.address() + H_LOST + (long) worker * Long.BYTES;
    }

    /** One frame more for which there is no room. Thread: the worker. Allocation: none. */
    public static void countLost(long lostAt) {
        Memory.setOpaqueI64(lostAt, Memory.nativeI64(lostAt) + 1);
    }

    /** Frames that found no room in their ring, of all workers. */
    public long lost() {
        long lost = 0;
        for (int worker = 0; worker < workers(); worker++) {
            lost += Memory.getOpaqueI64(lostAt(worker));
        }
        return lost;
    }

    /** The command is there: to be called several times a second. */
    public void touch(long nowNanos) {
        Memory.setOpaqueI64(memory.address() + H_SEEN, nowNanos);
    }

    /** Whether the command has not been seen for so long that it must be gone. */
    public boolean isAbandoned(long nowNanos) {
        return nowNanos - Memory.getOpaqueI64(memory.address() + H_SEEN) > LEASE_NANOS;
    }

    /** The dataplane writes no more. */
    public void end() {
        Memory.setReleaseI64(memory.address() + H_ENDED, 1);
    }

    /** Whether the dataplane writes no more: what is in the rings then is all. */
    public boolean hasEnded() {
        return Memory.getAcquireI64(memory.address() + H_ENDED) != 0;
    }

    @Override
    public void close() {
        memory.close();
    }
}
