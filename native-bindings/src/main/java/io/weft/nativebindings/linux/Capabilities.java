package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Capabilities of the calling thread: capabilities(7). Each thread has its own; a new thread inherits those of its creator. Cold code. */
public final class Capabilities {
    private static final String EFFECTIVE = "CapEff:";
    private static final int LINUX_CAPABILITY_VERSION_3 = 0x20080522; // _LINUX_CAPABILITY_VERSION_3
    private static final int HEADER_SIZE = 8; // struct __user_cap_header_struct: version, pid
    private static final int DATA_SIZE = 24; // two of struct __user_cap_data_struct: effective, permitted, inheritable
    private static final int HALF_SIZE = 12;
    private static final int PERMITTED = 4;
    private static final MethodHandle CAPSET = Libc.function("capset", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CAPGET = Libc.function("capget", JAVA_INT, JAVA_LONG, JAVA_LONG);

    private Capabilities() {}

    /** Effective capabilities as a bit mask, bit n for capability number n, including those that {@link Capability} does not list. */
    public static long effective() {
        try {
            return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
                .filter(line -> line.startsWith(EFFECTIVE))
                .mapToLong(line -> Long.parseUnsignedLong(line.substring(EFFECTIVE.length()).strip(), 16))
                .findFirst()
                .orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read this thread's capabilities", e);
        }
    }

    public static boolean has(Capability capability) {
        return (effective() >>> capability.number() & 1) != 0;
    }

    /** Which of the given capabilities the calling thread lacks, in the given order. */
    public static List<Capability> missing(Capability... needed) {
        return Arrays.stream(needed).filter(capability -> !has(capability)).toList();
    }

    /** Drops these capabilities for the calling thread, for good. Other threads keep theirs. */
    public static void drop(Capability... unwanted) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocate(HEADER_SIZE, Integer.BYTES);
            header.set(JAVA_INT, 0, LINUX_CAPABILITY_VERSION_3);
            MemorySegment data = arena.allocate(DATA_SIZE, Integer.BYTES);
            LinuxException.check("capget", invoke("capget", CAPGET, header, data));
            for (Capability capability : unwanted) {
                clear(data, capability.number());
            }
            LinuxException.check("capset", invoke("capset", CAPSET, header, data));
        }
    }

    private static void clear(MemorySegment data, int number) {
        int at = number / Integer.SIZE * HALF_SIZE;
        int mask = ~(1 << number % Integer.SIZE);
        data.set(JAVA_INT, at, data.get(JAVA_INT, at) & mask);
        data.set(JAVA_INT, at + PERMITTED, data.get(JAVA_INT, at + PERMITTED) & mask);
    }

    private static int invoke(String name, MethodHandle handle, MemorySegment header, MemorySegment data) {
        try {
            CallState state = CallState.current();
            return state.result((int) handle.invokeExact(state.segment(), header.address(), data.address()));
        } catch (Throwable t) {
            throw Libc.unlinked(name, t);
        }
    }
}
