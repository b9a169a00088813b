package io.weft.perf.traffic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FrameTemplateTest {
    private static final long TIME = 0xFFFF_FFFF_FFFEL;

    @Test
    void everyFlowHasItsOwnAddressesAndRightChecksums() {
        Flows flows = Flows.roundRobin(100_000);
        FrameTemplate template = new FrameTemplate(Frames.spec(flows, FrameSizes.of(64)), 64);
        Set<Long> seen = new HashSet<>();
        for (int flow = 0; flow < flows.count(); flow++) {
            byte[] frame = write(template, flow);
            Frames.assertSound(frame, 0);
            seen.add((long) Frames.i32(frame, 26) << 16 | Frames.u16(frame, 34));
            assertEquals(Frames.PORT, Frames.u16(frame, 36));
        }
        assertEquals(flows.count(), seen.size());
    }

    @Test
    void flowsMaySpreadOverDestinationPortsInstead() {
        Flows flows = Flows.roundRobin(1000).withPorts(1024, 100).withSpread(Flows.Spread.DESTINATION_PORT);
        FrameTemplate template = new FrameTemplate(Frames.spec(flows, FrameSizes.of(128)), 128);
        Set<Integer> seen = new HashSet<>();
        for (int flow = 0; flow < flows.count(); flow++) {
            byte[] frame = write(template, flow);
            Frames.assertSound(frame, 0);
            assertEquals(Frames.SOURCE, Frames.i32(frame, 26));
            seen.add(Frames.i32(frame, 34));
        }
        assertEquals(flows.count(), seen.size());
    }

    @Test
    void aTunnelKeepsTheInnerFrameValidAndVariesTheOuterPort() {
        FrameSpec spec = Frames.spec(Flows.roundRobin(70_000), FrameSizes.of(1518)).in(Frames.TUNNEL);
        FrameTemplate template = new FrameTemplate(spec, 1518);
        assertEquals(1514 + FrameTemplate.TUNNEL_LENGTH, template.length());
        Set<Integer> ports = new HashSet<>();
        for (int flow = 0; flow < 70_000; flow += 7) {
            byte[] frame = write(template, flow);
            Frames.assertSound(frame, FrameTemplate.TUNNEL_LENGTH);
            assertEquals(frame.length - 14, Frames.u16(frame, 16));
            assertEquals(8472, Frames.u16(frame, 36));
            ports.add(Frames.u16(frame, 34));
        }
        assertEquals(10_000, ports.size());
    }

    @Test
    void imixHasSevenFourAndOne() {
        FrameSizes sizes = FrameSizes.imix(1500);
        assertEquals(List.of(1518, 594, 64), sizes.distinct());
        assertEquals(7, sizes.pattern().stream().filter(size -> size == 64).count());
        assertEquals(4, sizes.pattern().stream().filter(size -> size == 594).count());
        assertEquals(1468, FrameSizes.imix(1450).largest());
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThrows(IllegalArgumentException.class, () -> FrameSizes.of(63));
        assertThrows(IllegalArgumentException.class, () -> FrameSizes.parse("long", 1500));
        assertThrows(IllegalArgumentException.class, () -> Flows.roundRobin(100).withPorts(65_500, 100));
        assertThrows(IllegalArgumentException.class, () -> Flows.roundRobin(100).withGroups(3));
    }

    private static byte[] write(FrameTemplate template, int flow) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment frame = arena.allocate(template.length(), 8);
            template.write(frame.address(), flow, flow & 0xFF, flow * 31, TIME + flow);
            return frame.toArray(ValueLayout.JAVA_BYTE);
        }
    }
}
