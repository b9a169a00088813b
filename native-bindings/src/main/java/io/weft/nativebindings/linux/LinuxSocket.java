package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Socket calls. All return the kernel's result or {@code -errno}; the caller {@linkplain LinuxException#check checks} it. Calls that take a
 * {@link CallState} and addresses allocate nothing.
 */
public final class LinuxSocket {
    public static final int AF_UNIX = 1; // <linux/socket.h>
    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;
    public static final int AF_NETLINK = 16;
    public static final int AF_PACKET = 17;
    public static final int AF_XDP = 44;
    public static final int SOL_SOCKET = 1; // <asm-generic/socket.h>
    public static final int SOL_XDP = 283; // <linux/socket.h>, not exported to user space
    public static final int SOCK_STREAM = 1;
    public static final int SOCK_DGRAM = 2;
    public static final int SOCK_RAW = 3;
    public static final int SOCK_NONBLOCK = 04000;
    public static final int SOCK_CLOEXEC = 02000000;
    public static final int SO_ERROR = 4; // <asm-generic/socket.h>
    public static final int SO_SNDBUF = 7;
    public static final int SO_RCVBUF = 8;
    public static final int SO_RCVTIMEO = 20;
    public static final int SO_RCVBUFFORCE = 33;
    public static final int SO_BUSY_POLL = 46;
    public static final int SO_PREFER_BUSY_POLL = 69;
    public static final int SO_BUSY_POLL_BUDGET = 70;
    public static final int MSG_PEEK = 2; // <linux/socket.h>
    public static final int MSG_TRUNC = 0x20;
    public static final int MSG_DONTWAIT = 0x40;

    private static final MethodHandle SOCKET = Libc.function("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = Libc.function("bind", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle GETSOCKNAME = Libc.function("getsockname", JAVA_INT, JAVA_INT, JAVA_LONG,
        JAVA_LONG);
    private static final MethodHandle SETSOCKOPT = Libc.function("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
        JAVA_LONG, JAVA_INT);
    private static final MethodHandle GETSOCKOPT = Libc.function("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
        JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SENDTO = Libc.function("sendto", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG,
        JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECV = Libc.function("recv", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

    private LinuxSocket() {}

    /** socket(2), close-on-exec; belongs to the calling thread's network namespace. A descriptor, or -errno. */
    public static int socket(int domain, int type, int protocol) {
        try {
            CallState state = CallState.current();
            return state.result((int) SOCKET.invokeExact(state.segment(), domain, type | SOCK_CLOEXEC, protocol));
        } catch (Throwable t) {
            throw Libc.unlinked("socket", t);
        }
    }

    /** bind(2) to the whole of {@code address}; 0 or -errno. */
    public static int bind(int fd, MemorySegment address) {
        try {
            CallState state = CallState.current();
            return state.result(
                (int) BIND.invokeExact(state.segment(), fd, address.address(), (int) address.byteSize()));
        } catch (Throwable t) {
            throw Libc.unlinked("bind", t);
        }
    }

    /** getsockname(2) into {@code address}; 0 or -errno. */
    public static int getsockname(int fd, MemorySegment address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) address.byteSize());
            CallState state = CallState.current();
            return state.result(
                (int) GETSOCKNAME.invokeExact(state.segment(), fd, address.address(), length.address()));
        } catch (Throwable t) {
            throw Libc.unlinked("getsockname", t);
        }
    }

    /** setsockopt(2) with all bytes of {@code value}; 0 or -errno. */
    public static int setsockopt(int fd, int level, int option, MemorySegment value) {
        try {
            CallState state = CallState.current();
            return state.result((int) SETSOCKOPT.invokeExact(
                state.segment(), fd, level, option, value.address(), (int) value.byteSize()));
        } catch (Throwable t) {
            throw Libc.unlinked("setsockopt", t);
        }
    }

    /** setsockopt(2) of an int; 0 or -errno. */
    public static int setsockopt(int fd, int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            return setsockopt(fd, level, option, arena.allocateFrom(JAVA_INT, value));
        }
    }

    /** getsockopt(2) into {@code value}; the number of bytes written, or -errno. */
    public static int getsockopt(int fd, int level, int option, MemorySegment value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) value.byteSize());
            CallState state = CallState.current();
            int result = state.result((int) GETSOCKOPT.invokeExact(
                state.segment(), fd, level, option, value.address(), length.address()));
            return result < 0 ? result : length.get(JAVA_INT, 0);
        } catch (Throwable t) {
            throw Libc.unlinked("getsockopt", t);
        }
    }

    /**
     * sendto(2). Allocation: none.
     *
     * @param address first byte, or 0 with length 0
     * @param to a socket address, or 0 with {@code toLength} 0
     * @return bytes sent, or -errno
     */
    public static long sendto(
        CallState state, int fd, long address, long length, int flags, long to, int toLength) {
        try {
            return state.result(
                (long) SENDTO.invokeExact(state.segment(), fd, address, length, flags, to, toLength));
        } catch (Throwable t) {
            throw Libc.unlinked("sendto", t);
        }
    }

    /** recv(2) into memory at {@code address}; bytes received, or -errno. Allocation: none. */
    public static long recv(CallState state, int fd, long address, long length, int flags) {
        try {
            return state.result((long) RECV.invokeExact(state.segment(), fd, address, length, flags));
        } catch (Throwable t) {
            throw Libc.unlinked("recv", t);
        }
    }
}
