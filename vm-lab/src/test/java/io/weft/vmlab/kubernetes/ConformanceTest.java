package io.weft.vmlab.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.vmlab.kubernetes.Conformance.Spec;
import io.weft.vmlab.kubernetes.Conformance.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConformanceTest {
    @TempDir Path directory;

    @Test
    void readsTheSpecsThatWereSelected() throws Exception {
        Path report = Files.writeString(directory.resolve("junit.xml"),
            """
                <testsuites><testsuite name="Kubernetes e2e suite" tests="5">
                  <testcase name="[SynchronizedBeforeSuite]" status="passed" time="0.1"></testcase>
                  <testcase name="[It] [sig-network] one" status="passed" time="2.5"></testcase>
                  <testcase name="[It] [sig-network] two" status="failed" time="31">
                    <failure message="timed out&#xA;more" type="failed">stack</failure>
                  </testcase>
                  <testcase name="[It] [sig-network] four" status="skipped" time="0.3">
                    <skipped message="skipped - need at least 3 zones"></skipped>
                  </testcase>
                  <testcase name="[It] [sig-node] three" status="skipped" time="0"><skipped message="skipped"></skipped></testcase>
                </testsuite></testsuites>
                """);
        assertEquals(List.of(new Spec("[sig-network] one", Verdict.PASSED, 2.5, ""),
            new Spec("[sig-network] two", Verdict.FAILED, 31, "timed out"),
            new Spec("[sig-network] four", Verdict.SKIPPED, 0.3, "skipped - need at least 3 zones")),
            Conformance.specs(report));
    }
}
