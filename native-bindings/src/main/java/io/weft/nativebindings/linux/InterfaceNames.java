package io.weft.nativebindings.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Names and indexes of network devices in the calling thread's network namespace: if_nametoindex(3). Cold code. */
public final class InterfaceNames {
    public static final int IF_NAMESIZE = 16; // <net/if.h>

    private static final MethodHandle TO_INDEX = Libc.function("if_nametoindex", JAVA_INT, JAVA_LONG);
    private static final MethodHandle TO_NAME = Libc.function("if_indextoname", JAVA_LONG, JAVA_INT, JAVA_LONG);

    private InterfaceNames() {}

    /** The device's index. */
    public static int index(String name) {
        int index = lookup(name);
        if (index == 0) {
            throw new LinuxException("device " + name, Errno.ENODEV, "This namespace has no device of that name");
        }
        return index;
    }

    /** The device's name, or {@code ifindex 7} if there is no such device. */
    public static String describe(int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(IF_NAMESIZE);
            MemorySegment state = CallState.current().segment();
            boolean found = (long) TO_NAME.invokeExact(state, index, name.address()) != 0;
            return found ? NativeMemory.string(name, IF_NAMESIZE) : "ifindex " + index;
        } catch (Throwable t) {
            throw Libc.unlinked("if_indextoname", t);
        }
    }

    private static int lookup(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(name);
            return (int) TO_INDEX.invokeExact(CallState.current().segment(), text.address());
        } catch (Throwable t) {
            throw Libc.unlinked("if_nametoindex", t);
        }
    }
}
