package io.weft.dataplane.warmup;

import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.counters.TunnelCounters;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.port.afxdp.AfXdpDriver;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.encap.tunnel.VxlanHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WarmUpTest {
    private static final Limit PATIENT = Limit.in(120_000_000_000L, () -> false);
    @TempDir Path directory;

    private static Overlay overlay(Encapsulation encapsulation) {
        return new Overlay(encapsulation, 1, VxlanHeader.LINUX_PORT);
    }

    @ParameterizedTest
    @EnumSource
    void visitsEveryNodeAndLeavesNothing(Encapsulation encapsulation) throws IOException {
        CounterSnapshot counted = WarmUp.warm(directory, ChunkLayout.spread(2048), overlay(encapsulation), PATIENT);
        assertEquals(counted.received() + counted.originated(), counted.ended());
        List<String> missed = counted.nodes().entrySet().stream().filter(node -> node.getValue() == 0)
            .map(node -> node.getKey()).filter(node -> !isOfAnother(encapsulation, node)).toList();
        assertEquals(List.of(), missed, counted::toString);
        assertEquals(0, counted.drops().get("internal_error"));
        assertEquals(0, counted.drops().get("icmp_bad_checksum"));
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }

    private static boolean isOfAnother(Encapsulation encapsulation, String node) {
        return Arrays.stream(Encapsulation.values()).filter(other -> other != encapsulation).map(TunnelCounters::of)
            .anyMatch(other -> node.equals(other.encap().label()) || node.equals(other.decap().label()));
    }

    @Test
    void endsWhenItIsCancelledAndLeavesNothing() throws IOException {
        int[] asked = {0};
        Limit limit = Limit.in(120_000_000_000L, () -> ++asked[0] > 3);
        CounterSnapshot counted = WarmUp.warm(directory, ChunkLayout.spread(2048), overlay(Encapsulation.VXLAN), limit);
        assertTrue(counted.received() > 0, counted::toString);
        assertEquals(4, asked[0]);
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void forwardsOverVethsAndLeavesNothing() throws IOException {
        TestNetwork.requireRoot();
        assertTrue(WarmUp.loop(directory, ChunkLayout.spread(2048), overlay(Encapsulation.VXLAN),
            AfXdpDriver::openSmall, PATIENT) >= 100_000);
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }
}
