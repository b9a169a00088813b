package io.weft.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import io.weft.nativebindings.process.Programs;
import io.weft.perf.report.ReportCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Runs the comparison for a moment: packets arrive translated, and the files are written. */
class CompareIT {
    @Test
    void weftAndLinuxTranslateWhatTheyForward(@TempDir Path directory) throws Exception {
        assume(Capabilities.has(Capability.CAP_SYS_ADMIN), "needs root: creates network namespaces and AF_XDP sockets");
        assume(Programs.missing("nft", "taskset").isEmpty(), "needs nft and taskset");
        assume(Runtime.getRuntime().availableProcessors() > 1, "needs two cores");
        Path json = directory.resolve("compare.json");
        Path html = directory.resolve("report.html");
        assertEquals(0,
            new CommandLine(new CompareCommand()).execute("--pairs", "1", "--seconds", "1", "--warm-up", "0.3",
                "--flows", "1000", "--only",
                "weft,linux", "--json", json.toString()));
        JsonNode result = new ObjectMapper().readTree(json.toFile());
        List<String> names = new ArrayList<>();
        for (JsonNode series : result.path("series")) {
            names.add(series.path("name").asText());
            assertTrue(series.path("mpps").path("min").asDouble() > 0, series.toPrettyString());
            assertEquals(1.0, series.path("asExpected").path("min").asDouble(), series.toPrettyString());
        }
        JsonNode leftOut = result.path("leftOut");
        assertTrue(names.containsAll(List.of("weft dnat-vxlan 1000 flows", "weft forward 1000 flows")),
            leftOut.toPrettyString());
        if (CpuTime.seesKernelThreads()) {
            assertTrue(names.containsAll(List.of("linux dnat-vxlan 1000 flows", "linux dnat 1000 flows")),
                leftOut.toPrettyString());
        } else {
            assertEquals(KernelSystem.NO_KERNEL_THREADS, leftOut.path(0).path("reason").asText());
        }
        assertEquals(0,
            new CommandLine(new ReportCommand()).execute("--compare", json.toString(), "--out", html.toString()));
        assertTrue(Files.readString(html).contains("weft dnat-vxlan 1000 flows"));
    }

    private static void assume(boolean holds, String reason) {
        if (!holds) {
            System.out.println("skipped: " + reason);
        }
        assumeTrue(holds, reason);
    }
}
