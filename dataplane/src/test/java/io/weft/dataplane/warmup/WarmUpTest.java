package io.weft.dataplane.warmup;

import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.port.afxdp.AfXdpDriver;
import io.weft.dataplane.testing.TestNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WarmUpTest {
    private static final Limit PATIENT = Limit.in(120_000_000_000L, () -> false);
    @TempDir Path directory;

    @Test
    void visitsEveryNodeAndLeavesNothing() throws IOException {
        CounterSnapshot counted = WarmUp.warm(directory, ChunkLayout.spread(2048), PATIENT);
        assertEquals(counted.received() + counted.originated(), counted.ended());
        List<String> missed = counted.nodes().entrySet().stream().filter(node -> node.getValue() == 0)
            .map(node -> node.getKey()).toList();
        assertEquals(List.of(), missed, counted::toString);
        assertEquals(0, counted.drops().get("internal_error"));
        assertEquals(0, counted.drops().get("icmp_bad_checksum"));
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void endsWhenItIsCancelledAndLeavesNothing() throws IOException {
        int[] asked = {0};
        Limit limit = Limit.in(120_000_000_000L, () -> ++asked[0] > 3);
        CounterSnapshot counted = WarmUp.warm(directory, ChunkLayout.spread(2048), limit);
        assertTrue(counted.received() > 0, counted::toString);
        assertEquals(4, asked[0]);
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void forwardsOverVethsAndLeavesNothing() throws IOException {
        TestNetwork.requireRoot();
        assertTrue(WarmUp.loop(directory, ChunkLayout.spread(2048), AfXdpDriver::openSmall, PATIENT) >= 100_000);
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }
}
