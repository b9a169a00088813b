package io.weft.dataplane.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A worker allocates nothing, whatever passes. */
class AllocationTest {
    private static final long FRAMES = 10_000_000;
    /** Less than a byte a frame would do. */
    private static final String HEAP = "24m";

    @Test
    void nothingIsAllocatedForTenMillionFramesOfAllKinds() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Soak soak = new Soak()) {
            soak.run(2_000_000);
            threads.getCurrentThreadAllocatedBytes();
            long before = threads.getCurrentThreadAllocatedBytes();
            soak.run(FRAMES);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;

            assertEquals(0, allocated);
            soak.node().checkAccounts();
            assertTrue(soak.node().total(FrameTotal.RECEIVED) > FRAMES);
            for (DropReason reason : List.of(DropReason.INTERNAL_ERROR, DropReason.CT_FULL, DropReason.SNAT_NO_PORT)) {
                assertEquals(0, soak.node().counters.dropped(reason), reason.label());
            }
            assertEquals(soak.node().pool.chunks(), soak.node().pool.free());
        }
    }

    @Test
    void aJvmThatNeverCollectsLivesThroughThem() throws IOException, InterruptedException {
        ExternalCommand.Output output = ExternalCommand.java(List.of(
            "-XX:+UnlockExperimentalVMOptions", "-XX:+UseEpsilonGC", "-Xmx" + HEAP,
            "--enable-native-access=ALL-UNNAMED",
            "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Soak.class.getName(), String.valueOf(FRAMES))).run();
        assertEquals(0, output.exit(), output.text());
        assertTrue(output.text().endsWith(" frames\n"), output.text());
    }
}
