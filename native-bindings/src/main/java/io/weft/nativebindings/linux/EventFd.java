package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** eventfd(2): wakes a thread that sleeps in {@link Poll}. Any thread may signal, one thread drains. Non-blocking. Allocation: none. */
public final class EventFd implements AutoCloseable {
    public static final int EFD_NONBLOCK = 04000; // <linux/eventfd.h>
    public static final int EFD_CLOEXEC = 02000000;

    private static final MethodHandle EVENTFD = Libc.function("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final long ONE = constantOne();

    private final int fd;
    private final MemorySegment counter = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);
    private final CallState drainState = new CallState();
    private boolean open = true;

    public EventFd() {
        fd = LinuxException.check("eventfd", eventfd());
    }

    /** The descriptor to watch for {@link Poll#POLLIN}. */
    public int fd() {
        return fd;
    }

    /** Makes the descriptor readable. Any thread. A thread's first call allocates its {@link CallState}. */
    public void signal() {
        long ignored = Descriptors.write(CallState.current(), fd, ONE, Long.BYTES);
    }

    /** Makes the descriptor unreadable again. Returns how often it was signalled since the last call; 0 for never. One thread. */
    public long drain() {
        long result = Descriptors.read(drainState, fd, counter.address(), Long.BYTES);
        return result == Long.BYTES ? counter.get(JAVA_LONG, 0) : 0;
    }

    /** After this no thread may signal or poll. A second call does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            Descriptors.close(fd);
        }
    }

    private static int eventfd() {
        try {
            CallState state = CallState.current();
            return state.result((int) EVENTFD.invokeExact(state.segment(), 0, EFD_NONBLOCK | EFD_CLOEXEC));
        } catch (Throwable t) {
            throw Libc.unlinked("eventfd", t);
        }
    }

    private static long constantOne() {
        long address = Arena.global().allocate(Long.BYTES, Long.BYTES).address();
        NativeMemory.putLong(address, 1);
        return address;
    }
}
