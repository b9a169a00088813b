package io.weft.controlplane.cli;

import static org.junit.jupiter.api.Assertions.*;

import io.weft.controlplane.cli.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uses directories of its own in place of /proc and /sys. */
class PlacementFindingsTest {
    private static final long PID = 42;
    @TempDir Path root;

    @Test
    void proposesProcessorsWithoutTheUplinksInterruptsAndLeavesOne() {
        assertEquals(List.of(2, 3), PlacementFindings.proposal(CpuList.parse("0-3"), CpuList.parse("0"), 2));
        assertEquals(List.of(1, 2), PlacementFindings.proposal(CpuList.parse("0-3"), CpuList.parse("3"), 2));
        assertEquals(List.of(1), PlacementFindings.proposal(CpuList.parse("0-1"), new BitSet(), 1));
        assertEquals(List.of(), PlacementFindings.proposal(CpuList.parse("0-1"), new BitSet(), 2));
    }

    @Test
    void readsAndWritesLists() {
        assertEquals("0-2,5", CpuList.format(CpuList.parse("0-2,5\n")));
        assertEquals("", CpuList.format(CpuList.parse("")));
        assertEquals("", CpuList.format(CpuList.parse("none")));
    }

    @Test
    void workersOnSeparateProcessorsAreFine() throws IOException {
        worker(0, "2", -10);
        worker(1, "3", -10);
        uplink("0", 0, 0);
        List<Finding> findings = find(2, List.of(2, 3));
        assertTrue(findings.stream().allMatch(finding -> finding.verdict() == Verdict.OK), findings.toString());
        assertTrue(findings.getFirst().found().contains("worker and queue 1 on 3"), findings.toString());
    }

    @Test
    void reportsWorkersThatShareAProcessorWithEachOtherOrWithInterrupts() throws IOException {
        worker(0, "3", -10);
        worker(1, "3", -10);
        uplink("0", 0, 0);
        assertTrue(warning(find(2, List.of(3, 3))).contains("two workers on processor 3"));
        worker(1, "0", -10);
        String advice = warning(find(2, List.of(3, 0)));
        assertTrue(advice.contains("processor 0 serves the uplink's interrupts"), advice);
        assertTrue(advice.endsWith("set workerCpus to [2, 3]"), advice);
    }

    @Test
    void reportsPollingByThreadsAndDeferredInterruptsWithTheRemedy() throws IOException {
        uplink("0", 1, 0);
        assertTrue(warning(find(1, List.of())).contains("/threaded"));
        uplink("0", 0, 100);
        assertTrue(warning(find(1, List.of())).contains("/napi_defer_hard_irqs"));
    }

    @Test
    void reportsAWorkerWithoutPriority() throws IOException {
        worker(0, "0-3", 0);
        assertTrue(warning(find(1, List.of())).contains("CAP_SYS_NICE"));
    }

    @Test
    void refusesProcessorsThatDoNotExist() {
        List<Finding> findings = new PlacementFindings(root, root, CpuList.parse("0-1")).of(1, List.of(7), -1, "",
            List.of());
        assertEquals(Verdict.FAIL, findings.getFirst().verdict());
    }

    private List<Finding> find(int workers, List<Integer> cpus) {
        return new PlacementFindings(root.resolve("proc"), root.resolve("sys"), CpuList.parse("0-3"))
            .of(workers, cpus, PID, "eth1", List.of("absent0"));
    }

    private static String warning(List<Finding> findings) {
        return findings.stream().filter(finding -> finding.verdict() == Verdict.WARN).findFirst().orElseThrow()
            .advice();
    }

    private void worker(int index, String cpus, int nice) throws IOException {
        Path task = Files.createDirectories(root.resolve("proc/" + PID + "/task/" + (100 + index)));
        Files.writeString(task.resolve("comm"), "weft-worker-" + index + "\n");
        Files.writeString(task.resolve("status"), "Name:\tx\nCpus_allowed_list:\t" + cpus + "\n");
        Files.writeString(task.resolve("stat"),
            "100 (a b) S 1 1 1 0 -1 4194368 0 0 0 0 0 0 0 0 20 " + nice + " 1 0 0\n");
    }

    private void uplink(String interruptCpus, int threaded, int deferred) throws IOException {
        Path device = root.resolve("sys/class/net/eth1");
        Files.createDirectories(device.resolve("device/msi_irqs/33"));
        Files.writeString(device.resolve("threaded"), threaded + "\n");
        Files.writeString(device.resolve("napi_defer_hard_irqs"), deferred + "\n");
        Files.writeString(device.resolve("gro_flush_timeout"), 200_000 + "\n");
        Path interrupt = Files.createDirectories(root.resolve("proc/irq/33"));
        Files.writeString(interrupt.resolve("effective_affinity_list"), interruptCpus + "\n");
    }
}
