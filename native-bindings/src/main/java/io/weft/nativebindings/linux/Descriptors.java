package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** File descriptors: open, read, write, close. All are opened close-on-exec. Cold code. */
public final class Descriptors {
    public static final int O_RDONLY = 0; // <asm-generic/fcntl.h>
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_CREAT = 0100;
    public static final int O_EXCL = 0200;
    public static final int O_TRUNC = 01000;
    public static final int O_NONBLOCK = 04000;
    public static final int O_CLOEXEC = 02000000;
    public static final int SEEK_END = 2; // <linux/fs.h>

    private static final MethodHandle OPEN = Libc.variadic("open", 2, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = Libc.function("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle READ = Libc.function("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE = Libc.function("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle LSEEK = Libc.function("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FSYNC = Libc.function("fsync", JAVA_INT, JAVA_INT);

    private Descriptors() {}

    /**
     * open(2), close-on-exec.
     *
     * @param mode permissions of a file that {@code O_CREAT} creates, before the umask
     * @return a descriptor, or -errno
     */
    public static int open(Path path, int flags, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            CallState state = CallState.current();
            return state.result((int) OPEN.invokeExact(state.segment(), name.address(), flags | O_CLOEXEC, mode));
        } catch (Throwable t) {
            throw Libc.unlinked("open", t);
        }
    }

    /** close(2). Never retried: on Linux the descriptor is closed whatever the result is. A negative descriptor is ignored. */
    public static void close(int fd) {
        if (fd < 0) { return; }
        try {
            int ignored = (int) CLOSE.invokeExact(CallState.current().segment(), fd);
        } catch (Throwable t) {
            throw Libc.unlinked("close", t);
        }
    }

    /** read(2) into memory at {@code address}; bytes read, or -errno. Allocation: none. */
    public static long read(CallState state, int fd, long address, long length) {
        try {
            return state.result((long) READ.invokeExact(state.segment(), fd, address, length));
        } catch (Throwable t) {
            throw Libc.unlinked("read", t);
        }
    }

    /** write(2) from memory at {@code address}; bytes written, or -errno. Allocation: none. */
    public static long write(CallState state, int fd, long address, long length) {
        try {
            return state.result((long) WRITE.invokeExact(state.segment(), fd, address, length));
        } catch (Throwable t) {
            throw Libc.unlinked("write", t);
        }
    }

    /** Size of an open file in bytes, or -errno. */
    public static long size(int fd) {
        try {
            CallState state = CallState.current();
            return state.result((long) LSEEK.invokeExact(state.segment(), fd, 0L, SEEK_END));
        } catch (Throwable t) {
            throw Libc.unlinked("lseek", t);
        }
    }

    /** fsync(2); 0 or -errno. Works on directories. */
    public static int fsync(int fd) {
        try {
            CallState state = CallState.current();
            return state.result((int) FSYNC.invokeExact(state.segment(), fd));
        } catch (Throwable t) {
            throw Libc.unlinked("fsync", t);
        }
    }
}
