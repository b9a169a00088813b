package io.weft.dataplane.capture;

import io.weft.encap.memory.Memory;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * The mapped file that carries captured frames from the workers to the command line: a header of one page, then a ring for each worker
 * (Agrona's {@link OneToOneRingBuffer}). The conductor creates it, with every page allocated; the command line maps it for reading and writing,
 * because it moves the rings' heads. Words in machine order:
 *
 * <pre>
 *    0  magic, written last    8  layout version   12  workers   16  bytes of a ring
 *   24  id of the request     32  {@code System.nanoTime} at which the command line was last seen, written by it
 *   40  1 once the capture has ended
 *   64  for each worker: frames for which the ring had no room
 * </pre>
 *
 * <p>A message is a frame:
 *
 * <pre>
 *    0  time, nanoseconds since 1970 (64 bits)    8  port id    12  {@link #IN} or {@link #OUT}
 *   16  ordinal of the drop reason, or -1         20  bytes of the frame    24  the frame's first bytes
 * </pre>
 */
public final class CaptureFile implements AutoCloseable {
    /** In the run directory. */
    public static final String NAME = "capture";
    public static final int IN = 1;
    public static final int OUT = 2;

    static final int MESSAGE = 1;
    static final int TIME = 0;
    static final int PORT = 8;
    static final int DIRECTION = 12;
    static final int REASON = 16;
    static final int LENGTH = 20;
    static final int BYTES = 24;
    static final int NOT_DROPPED = -1;

    private static final long MAGIC = 0x5745_4654_4341_5054L; // "WEFTCAPT"
    private static final int VERSION = 1;
    private static final int PAGE = 4096;
    private static final int H_MAGIC = 0;
    private static final int H_VERSION = 8;
    private static final int H_WORKERS = 12;
    private static final int H_RING = 16;
    private static final int H_ID = 24;
    private static final int H_SEEN = 32;
    private static final int H_ENDED = 40;
    private static final int H_LOST = 64;
    static final int MAX_WORKERS = (PAGE - H_LOST) / Long.BYTES;

    private final MappedMemory memory;

    private CaptureFile(MappedMemory memory) {
        this.memory = memory;
    }

    static long sizeFor(int workers, int ringBytes) {
        return PAGE + (long) workers * stride(ringBytes);
    }

    private static long stride(int ringBytes) {
        return (ringBytes + RingBufferDescriptor.TRAILER_LENGTH + PAGE - 1L) & -PAGE;
    }

    /** @param memory zeroed, {@link #sizeFor} bytes */
    static CaptureFile create(MappedMemory memory, int workers, CaptureRequest request, long nowNanos) {
        long at = memory.address();
        Memory.putNativeI32(at + H_VERSION, VERSION);
        Memory.putNativeI32(at + H_WORKERS, workers);
        Memory.putNativeI64(at + H_RING, request.ringBytes());
        Memory.putNativeI64(at + H_ID, request.id());
        Memory.putNativeI64(at + H_SEEN, nowNanos);
        Memory.setReleaseI64(at + H_MAGIC, MAGIC);
        return new CaptureFile(memory);
    }

    /** @throws LinuxException if there is none; IllegalArgumentException if it is of another layout or not whole */
    public static CaptureFile open(Path path) {
        MappedMemory memory = MappedMemory.openFile(path);
        long at = memory.address();
        if (memory.size() < PAGE || Memory.getAcquireI64(at + H_MAGIC) != MAGIC
            || Memory.nativeI32(at + H_VERSION) != VERSION) {
            memory.close();
            throw new IllegalArgumentException(path + ": not a capture file of this version");
        }
        CaptureFile file = new CaptureFile(memory);
        long ring = Memory.nativeI64(at + H_RING);
        if (file.workers() < 1 || file.workers() > MAX_WORKERS || ring < CaptureRequest.MIN_RING_BYTES
            || ring > CaptureRequest.MAX_RING_BYTES || Long.bitCount(ring) != 1
            || memory.size() < sizeFor(file.workers(), (int) ring)) {
            memory.close();
            throw new IllegalArgumentException(path + ": damaged");
        }
        return file;
    }

    public int workers() {
        return Memory.nativeI32(memory.address() + H_WORKERS);
    }

    /** {@link CaptureRequest#id}. */
    public long id() {
        return Memory.nativeI64(memory.address() + H_ID);
    }

    OneToOneRingBuffer ring(int worker) {
        int bytes = (int) Memory.nativeI64(memory.address() + H_RING);
        return new OneToOneRingBuffer(new UnsafeBuffer(memory.address() + PAGE + worker * stride(bytes),
            bytes + RingBufferDescriptor.TRAILER_LENGTH));
    }

    /** Address of a worker's count of lost frames, which only that worker writes. */
    long lostAt(int worker) {
        return memory.address() + H_LOST + (long) worker * Long.BYTES;
    }

    /** Frames that found no room in their ring, of all workers. */
    public long lost() {
        long lost = 0;
        for (int worker = 0; worker < workers(); worker++) {
            lost += Memory.getOpaqueI64(lostAt(worker));
        }
        return lost;
    }

    /** The command line is there: to be called several times a second. */
    public void touch(long nowNanos) {
        Memory.setOpaqueI64(memory.address() + H_SEEN, nowNanos);
    }

    long seenNanos() {
        return Memory.getOpaqueI64(memory.address() + H_SEEN);
    }

    void end() {
        Memory.setReleaseI64(memory.address() + H_ENDED, 1);
    }

    /** Whether the dataplane has ended the capture: what is in the rings then is all. */
    public boolean hasEnded() {
        return Memory.getAcquireI64(memory.address() + H_ENDED) != 0;
    }

    @Override
    public void close() {
        memory.close();
    }
}
