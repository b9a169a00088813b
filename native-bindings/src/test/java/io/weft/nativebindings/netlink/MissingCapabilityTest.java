package io.weft.nativebindings.netlink;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weft.nativebindings.linux.CallState;
import io.weft.nativebindings.linux.Libc;
import io.weft.nativebindings.linux.LinuxException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.junit.jupiter.api.Test;

/** Capabilities belong to threads, so a thread of a namespace's code can give them up for a test. */
class MissingCapabilityTest {
    private static final int LINUX_CAPABILITY_VERSION_3 = 0x20080522; // <linux/capability.h>
    private static final MethodHandle CAPSET = Libc.function("capset", JAVA_INT, JAVA_LONG, JAVA_LONG);

    @Test
    void changingALinkNamesTheCapability() {
        try (TestNamespace node = new TestNamespace()) {
            LinuxException refused = assertThrows(
                LinuxException.class,
                () -> NetworkNamespace.run(node.path, () -> {
                    dropCapabilities();
                    try (Rtnetlink rtnetlink = Rtnetlink.open()) {
                        assertEquals("lo", rtnetlink.link(1).orElseThrow().name());
                        rtnetlink.setDown(1);
                    }
                }));
            assertEquals(
                "set ifindex 1 down: EPERM (1) Operation not permitted. This needs the capability CAP_NET_ADMIN",
                refused.getMessage());
        }
    }

    @Test
    void enteringANamespaceNamesTheCapability() {
        try (TestNamespace node = new TestNamespace()) {
            LinuxException refused = assertThrows(
                LinuxException.class,
                () -> NetworkNamespace.run(node.path, () -> {
                    dropCapabilities();
                    NetworkNamespace.run(NetworkNamespace.ofProcess(ProcessHandle.current().pid()), () -> {});
                }));
            assertEquals(
                "enter network namespace /proc/" + ProcessHandle.current().pid()
                    + "/ns/net: EPERM (1) Operation not permitted. This needs the capability CAP_SYS_ADMIN",
                refused.getMessage());
        }
    }

    private static void dropCapabilities() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocateFrom(JAVA_INT, LINUX_CAPABILITY_VERSION_3, 0);
            MemorySegment none = arena.allocate(24, Integer.BYTES);
            CallState state = CallState.current();
            int result = (int) CAPSET.invokeExact(state.segment(), header.address(), none.address());
            LinuxException.check("drop capabilities", state.result(result));
        } catch (LinuxException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unlinked("capset", t);
        }
    }
}
