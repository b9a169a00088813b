package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * Memory from mmap(2), used by absolute address: anonymous, a file shared with other processes, or a descriptor such as a ring. Open and
 * close it in cold code. Nothing may use the address after {@link #close}.
 *
 * <p>A file is preallocated when it is created and never resized here, because touching a page that the file system cannot provide is an
 * {@link InternalError} in Java.
 */
public final class MappedMemory implements AutoCloseable {
    public static final int PROT_READ = 1; // <asm-generic/mman-common.h>
    public static final int PROT_WRITE = 2;
    public static final int MAP_SHARED = 0x01; // <linux/mman.h>
    public static final int MAP_PRIVATE = 0x02;
    public static final int MAP_ANONYMOUS = 0x20; // <asm-generic/mman-common.h>
    public static final int MAP_NORESERVE = 0x4000;
    public static final int MAP_POPULATE = 0x8000;
    public static final int MAP_HUGETLB = 0x40000;
    public static final int MADV_HUGEPAGE = 14;
    public static final int MS_SYNC = 4;
    /** The huge page size of x86-64, and of arm64 with 4 KiB pages. */
    public static final long HUGE_PAGE_BYTES = 2 << 20;

    private static final long SMALL_PAGE_BYTES = 4096;
    private static final int FILE_MODE = 0640;
    private static final MethodHandle MMAP = Libc.function("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT,
        JAVA_INT, JAVA_LONG);
    private static final MethodHandle MUNMAP = Libc.function("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MADVISE = Libc.function("madvise", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle MSYNC = Libc.function("msync", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FALLOCATE = Libc.function("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG,
        JAVA_LONG);

    private final long address;
    private final long size;
    private final long mappedSize;
    private final String hugePageRefusal;
    private boolean open = true;

    private MappedMemory(long address, long size, long mappedSize, String hugePageRefusal) {
        this.address = address;
        this.size = size;
        this.mappedSize = mappedSize;
        this.hugePageRefusal = hugePageRefusal;
    }

    /**
     * Zeroed private memory, page aligned, with every page present.
     *
     * @param hugePages ask for huge pages; if none are free, the memory uses small pages, aligned to 2 MiB with the advice to the kernel to
     *     make them huge, and {@link #hugePageRefusal} says why
     */
    public static MappedMemory anonymous(long size, boolean hugePages) {
        requirePositive(size);
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
        if (!hugePages) {
            return new MappedMemory(map("mmap of " + size + " bytes", size, flags, -1, 0), size, size, "");
        }
        long mappedSize = roundUp(size, HUGE_PAGE_BYTES);
        long address = mmap(0, mappedSize, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);
        if (!isError(address)) { return new MappedMemory(address, size, mappedSize, ""); }
        String refusal = "no huge pages for " + (mappedSize >> 20) + " MiB: " + Errno.name((int) -address)
            + "; raise vm.nr_hugepages to " + mappedSize / HUGE_PAGE_BYTES + " more";
        return advisedHuge(size, refusal);
    }

    /** Creates a file of {@code size} bytes, all of them allocated on the device, and maps it shared. Fails if the file exists. */
    public static MappedMemory createFile(Path path, long size) {
        requirePositive(size);
        int flags = Descriptors.O_RDWR | Descriptors.O_CREAT | Descriptors.O_EXCL;
        int fd = LinuxException.check("create " + path, Descriptors.open(path, flags, FILE_MODE));
        try {
            int result = fallocate(fd, size);
            if (result < 0) {
                throw new LinuxException("fallocate " + size + " bytes for " + path, -result, FileErrors.hint(-result));
            }
            return descriptor("mmap " + path, fd, 0, size, PROT_READ | PROT_WRITE);
        } catch (LinuxException e) {
            path.toFile().delete();
            throw e;
        } finally {
            Descriptors.close(fd);
        }
    }

    /** Maps an existing file shared, for reading and writing, at its current size; first allocates missing blocks. */
    public static MappedMemory openFile(Path path) {
        return open(path, Descriptors.O_RDWR, PROT_READ | PROT_WRITE);
    }

    /** Maps an existing file shared, for reading only: a store to it ends the process. */
    public static MappedMemory openFileReadOnly(Path path) {
        return open(path, Descriptors.O_RDONLY, PROT_READ);
    }

    /**
     * Maps an existing file for private changes: a page that is stored to becomes a copy of this process, and nothing reaches the file. Other
     * pages show what is written to the file meanwhile. The file is opened for reading only.
     */
    public static MappedMemory openFilePrivate(Path path) {
        int fd = LinuxException.check("open " + path, Descriptors.open(path, Descriptors.O_RDONLY, 0));
        try {
            long size = LinuxException.check("size of " + path, Descriptors.size(fd));
            if (size == 0) { throw new LinuxException("mmap " + path, Errno.EINVAL, "The file is empty"); }
            return new MappedMemory(map("mmap " + path, size, MAP_PRIVATE | MAP_NORESERVE, fd, 0), size, size, "");
        } finally {
            Descriptors.close(fd);
        }
    }

    /**
     * Maps {@code size} bytes of an open descriptor, shared and populated.
     *
     * @param operation for the exception's message
     */
    public static MappedMemory descriptor(String operation, int fd, long offset, long size, int protection) {
        long address = LinuxException.check(
            operation, mmap(0, size, protection, MAP_SHARED | MAP_POPULATE, fd, offset));
        return new MappedMemory(address, size, size, "");
    }

    public long address() {
        return address;
    }

    /** The number of bytes requested. */
    public long size() {
        return size;
    }

    /** A view of the whole memory; allocates. Closing the mapping does not close it. */
    public MemorySegment segment() {
        return NativeMemory.segment(address, size);
    }

    /** Why the memory is not on reserved huge pages although they were requested; empty otherwise. */
    public String hugePageRefusal() {
        return hugePageRefusal;
    }

    /** Writes a mapped file's changed pages to its device and waits for completion. */
    public void sync() {
        try {
            CallState state = CallState.current();
            LinuxException.check(
                "msync", state.result((int) MSYNC.invokeExact(state.segment(), address, mappedSize, MS_SYNC)));
        } catch (LinuxException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unlinked("msync", t);
        }
    }

    /** Unmaps; a second call does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            munmap(address, mappedSize);
        }
    }

    private static MappedMemory open(Path path, int flags, int protection) {
        int fd = LinuxException.check("open " + path, Descriptors.open(path, flags, 0));
        try {
            long size = LinuxException.check("size of " + path, Descriptors.size(fd));
            if (size == 0) { throw new LinuxException("mmap " + path, Errno.EINVAL, "The file is empty"); }
            if (protection != PROT_READ) {
                LinuxException.check("fallocate " + size + " bytes for " + path, fallocate(fd, size));
            }
            return descriptor("mmap " + path, fd, 0, size, protection);
        } finally {
            Descriptors.close(fd);
        }
    }

    /** Maps small pages at a 2 MiB boundary, so that the kernel may merge them. The advice comes before the first touch. */
    private static MappedMemory advisedHuge(long size, String refusal) {
        long mappedSize = roundUp(size, SMALL_PAGE_BYTES);
        long reserved = mappedSize + HUGE_PAGE_BYTES;
        long start = map("mmap of " + reserved + " bytes", reserved, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        long address = roundUp(start, HUGE_PAGE_BYTES);
        long end = address + mappedSize;
        if (address > start) {
            munmap(start, address - start);
        }
        if (start + reserved > end) {
            munmap(end, start + reserved - end);
        }
        madvise(address, mappedSize, MADV_HUGEPAGE);
        NativeMemory.segment(address, mappedSize).fill((byte) 0);
        return new MappedMemory(address, size, mappedSize, refusal);
    }

    private static long map(String operation, long size, int flags, int fd, long offset) {
        return LinuxException.check(operation, mmap(0, size, PROT_READ | PROT_WRITE, flags, fd, offset));
    }

    private static long mmap(long hint, long size, int protection, int flags, int fd, long offset) {
        try {
            CallState state = CallState.current();
            return state.result(
                (long) MMAP.invokeExact(state.segment(), hint, size, protection, flags, fd, offset));
        } catch (Throwable t) {
            throw Libc.unlinked("mmap", t);
        }
    }

    private static void munmap(long address, long size) {
        try {
            CallState state = CallState.current();
            LinuxException.check("munmap", state.result((int) MUNMAP.invokeExact(state.segment(), address, size)));
        } catch (LinuxException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unlinked("munmap", t);
        }
    }

    /** The kernel may refuse the advice (no transparent huge pages); the memory works all the same. */
    private static void madvise(long address, long size, int advice) {
        try {
            int ignored = (int) MADVISE.invokeExact(CallState.current().segment(), address, size, advice);
        } catch (Throwable t) {
            throw Libc.unlinked("madvise", t);
        }
    }

    private static int fallocate(int fd, long size) {
        try {
            CallState state = CallState.current();
            return state.result((int) FALLOCATE.invokeExact(state.segment(), fd, 0, 0L, size));
        } catch (Throwable t) {
            throw Libc.unlinked("fallocate", t);
        }
    }

    private static boolean isError(long result) {
        return result < 0 && result >= -4095;
    }

    private static long roundUp(long value, long unit) {
        return (value + unit - 1) & -unit;
    }

    private static void requirePositive(long size) {
        if (size <= 0) { throw new IllegalArgumentException("size must be positive: " + size); }
    }
}
