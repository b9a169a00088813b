package io.weft.nativebindings.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.nativebindings.support.InThread;
import io.weft.nativebindings.support.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class ThreadsAndLimitsTest {
    @Test
    void pinsOnlyTheCallingThread() throws Exception {
        BitSet before = ThreadAffinity.current();
        int cpu = before.length() - 1;
        BitSet pinned = InThread.call(() -> {
            ThreadAffinity.pin(cpu);
            return ThreadAffinity.current();
        });
        assertEquals(BitSet.valueOf(new long[]{1L << cpu}), pinned);
        assertEquals(before, ThreadAffinity.current());
    }

    @Test
    void processorThatIsNotThereIsRefusedWithAReason() {
        LinuxException e = assertThrows(LinuxException.class, () -> InThread.call(() -> {
            ThreadAffinity.pin(1000);
            return null;
        }));
        assertEquals(Errno.EINVAL, e.errno());
        assertTrue(e.getMessage().contains("cpuset"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> ThreadAffinity.pin(5000));
    }

    @Test
    void threadIsNamed() throws Exception {
        String name = InThread.call(() -> {
            Prctl.setName("weft-worker-0-of-many");
            return Files.readString(Path.of("/proc/thread-self/comm")).strip();
        });
        assertEquals("weft-worker-0-o", name);
    }

    @Test
    void setsPriorityAndSliceOfTheCallingThreadOnly() throws Exception {
        Requirements.root();
        ThreadScheduling.Share before = ThreadScheduling.current();
        ThreadScheduling.Share prioritized = InThread.call(() -> {
            assertEquals(0, ThreadScheduling.setPriority(before.nice() - 1, 200_000));
            return ThreadScheduling.current();
        });
        assertEquals(Math.max(-20, before.nice() - 1), prioritized.nice());
        assertTrue(prioritized.sliceNanos() == 200_000 || prioritized.sliceNanos() == 0, prioritized::toString);
        assertEquals(before, ThreadScheduling.current());
    }

    @Test
    void droppedCapabilityIsMissedByThatThreadOnly() throws Exception {
        Requirements.root();
        assertTrue(Capabilities.has(Capability.CAP_NET_RAW));
        List<Capability> missing = InThread.call(() -> {
            Capabilities.drop(Capability.CAP_NET_RAW, Capability.CAP_BPF);
            return Capabilities.missing(Capability.CAP_BPF, Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW);
        });
        assertEquals(List.of(Capability.CAP_BPF, Capability.CAP_NET_RAW), missing);
        assertTrue(Capabilities.has(Capability.CAP_NET_RAW));
    }

    @Test
    void limitsAreReadAndTheSoftOneSet() {
        Rlimits.Limit before = Rlimits.get(Rlimits.RLIMIT_NOFILE);
        assertTrue(before.soft() > 0);
        assertEquals(0, Rlimits.set(Rlimits.RLIMIT_NOFILE, new Rlimits.Limit(before.soft() - 1, before.hard())));
        assertEquals(before.soft() - 1, Rlimits.get(Rlimits.RLIMIT_NOFILE).soft());
        assertEquals(0, Rlimits.set(Rlimits.RLIMIT_NOFILE, before));
    }

    @Test
    void kernelVersionsCompareByNumber() {
        assertEquals(new KernelVersion(6, 1), KernelVersion.parse("6.1.0-18-amd64"));
        assertTrue(new KernelVersion(6, 18).isAtLeast(6, 8));
        assertFalse(new KernelVersion(5, 15).isAtLeast(6, 1));
        assertTrue(KernelVersion.current().isAtLeast(4, 18));
        assertThrows(IllegalArgumentException.class, () -> KernelVersion.parse("rolling"));
    }

    @Test
    void sysctlNamesStayBelowTheirRoot() {
        assertEquals("Linux", Sysctl.read("kernel/ostype"));
        assertTrue(Sysctl.read("net/ipv4/ip_local_port_range").matches("[0-9]+\t[0-9]+"));
        assertTrue(Sysctl.exists("net/ipv4/ip_forward"));
        assertThrows(IllegalArgumentException.class, () -> Sysctl.read("../../etc/passwd"));
        assertThrows(java.io.UncheckedIOException.class, () -> Sysctl.write("kernel/no_such", "1"));
    }

    @Test
    void signalsReachAProcess() throws IOException, InterruptedException {
        Process sleeper = ExternalCommand.of("sleep", "600").builder().start();
        assertTrue(ProcessSignals.send(sleeper.pid(), ProcessSignals.SIGKILL));
        assertEquals(128 + ProcessSignals.SIGKILL, sleeper.waitFor());
        assertFalse(ProcessSignals.send(sleeper.pid(), ProcessSignals.SIGTERM));
        assertThrows(IllegalArgumentException.class, () -> ProcessSignals.send(-1, ProcessSignals.SIGTERM));
    }
}
