package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;

/**
 * poll(2) over a fixed number of descriptors. Thread: one. Allocation: none after construction; its memory, 8 bytes per entry, is never
 * freed. For a bound AF_XDP socket whose device is deleted it reports nothing.
 */
public final class Poll {
    public static final int POLLIN = 0x1; // <asm-generic/poll.h>
    public static final int POLLOUT = 0x4;
    public static final int POLLERR = 0x8;
    public static final int POLLHUP = 0x10;
    public static final int POLLNVAL = 0x20;
    /** For {@link #poll}: no limit. */
    public static final int FOREVER = -1;

    private static final int POLLFD_SIZE = 8; // struct pollfd
    private static final int POLLFD_EVENTS = 4;
    private static final int POLLFD_REVENTS = 6;
    private static final MethodHandle POLL = Libc.function("poll", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

    private final CallState state = new CallState();
    private final long entries;
    private final int capacity;

    /** The kernel ignores entries that are not set. */
    public Poll(int capacity) {
        this.capacity = capacity;
        entries = Arena.global().allocate((long) capacity * POLLFD_SIZE, Integer.BYTES).address();
        for (int i = 0; i < capacity; i++) {
            clear(i);
        }
    }

    /** Watches a descriptor in entry {@code index}, for the given events. */
    public void set(int index, int fd, int events) {
        long at = at(index);
        NativeMemory.putInt(at, fd);
        NativeMemory.putShort(at + POLLFD_EVENTS, (short) events);
        NativeMemory.putShort(at + POLLFD_REVENTS, (short) 0);
    }

    /** Clears entry {@code index}. */
    public void clear(int index) {
        set(index, -1, 0);
    }

    /**
     * Waits until a descriptor is ready or the time is over.
     *
     * @return how many are ready, or -errno (also EINTR)
     */
    public int poll(int timeoutMillis) {
        try {
            return state.result((int) POLL.invokeExact(state.segment(), entries, (long) capacity, timeoutMillis));
        } catch (Throwable t) {
            throw Libc.unlinked("poll", t);
        }
    }

    /** What the last {@link #poll} found for this entry; 0 for nothing. */
    public int ready(int index) {
        return NativeMemory.getShort(at(index) + POLLFD_REVENTS);
    }

    public int capacity() {
        return capacity;
    }

    private long at(int index) {
        if (index < 0 || index >= capacity) { throw new IndexOutOfBoundsException(index); }
        return entries + (long) index * POLLFD_SIZE;
    }
}
