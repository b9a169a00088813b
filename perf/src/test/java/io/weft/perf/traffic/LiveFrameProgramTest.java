package io.weft.perf.traffic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.XdpAction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The kernel's frames equal those that {@link FrameTemplate#write} writes. */
class LiveFrameProgramTest {
    private static final int ROUNDS = 500;
    private static final int ANY_DEVICE = 1;

    @BeforeAll
    static void needsRoot() {
        Requirements.root();
    }

    @Test
    void makesTheFramesOfTheTemplate() {
        compare(Frames.spec(Flows.roundRobin(1), FrameSizes.of(64)));
        compare(Frames.spec(Flows.random(1_000_000).withGroups(16), FrameSizes.of(1518)));
        compare(Frames.spec(Flows.random(65_536), FrameSizes.of(64)).in(Frames.TUNNEL));
        compare(Frames.spec(
            Flows.random(5000).withPorts(1024, 100).withSpread(Flows.Spread.DESTINATION_PORT), FrameSizes.of(128)));
    }

    @Test
    void mixesSizes() {
        Set<Integer> plain = compare(Frames.spec(Flows.roundRobin(300), FrameSizes.imix(1500)));
        assertEquals(Set.of(60, 590, 1514), plain);
        Set<Integer> tunnelled = compare(Frames.spec(Flows.roundRobin(300), FrameSizes.imix(1450)).in(Frames.TUNNEL));
        assertEquals(Set.of(110, 640, 1514), tunnelled);
    }

    /** Runs the program on frames that another one overwrote, and returns the lengths that came out. */
    private static Set<Integer> compare(FrameSpec spec) {
        Set<Integer> lengths = new HashSet<>();
        FrameTemplate largest = new FrameTemplate(spec, spec.sizes().largest());
        try (BpfMap state = BpfMap.mappableArray("weft_gen", LiveFrameProgram.STATE_LENGTH, 1);
            BpfProgram program = BpfProgram.load(BpfProgram.Type.XDP, "weft_gen",
                LiveFrameProgram.assemble(spec, state, ANY_DEVICE).assemble(), 0)) {
            byte[] recycled = new byte[largest.length()];
            for (int i = 0; i < largest.header().length; i++) {
                recycled[i] = (byte) 0xA5;
            }
            for (int round = 0; round < ROUNDS; round++) {
                BpfProgram.TestRun run = program.testRun(recycled);
                assertEquals(XdpAction.XDP_REDIRECT, run.result());
                assertIsOfTemplate(spec, run.data());
                lengths.add(run.data().length);
            }
        }
        return lengths;
    }

    private static void assertIsOfTemplate(FrameSpec spec, byte[] frame) {
        int inner = spec.tunnel().isPresent() ? FrameTemplate.TUNNEL_LENGTH : 0;
        Frames.assertSound(frame, inner);
        Flows flows = spec.flows();
        int rest = flows.spread() == Flows.Spread.SOURCE_ADDRESS
            ? Frames.u16(frame, inner + 28) - (Frames.SOURCE & 0xFFFF) & 0xFFFF
            : Frames.u16(frame, inner + 36) - Frames.PORT;
        int flow = rest * flows.ports() + Frames.u16(frame, inner + 34) - flows.firstPort();
        assertTrue(flow >= 0 && flow < flows.count(), "flow " + flow);
        int payload = inner + 42;
        byte[] expected = new byte[frame.length];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(frame.length, 8);
            new FrameTemplate(spec, frame.length - inner + FrameSizes.FCS_LENGTH).write(memory.address(), flow,
                flow % flows.groups(), Frames.i32(frame, payload + ProbePayload.SEQUENCE_OFFSET),
                Frames.i64(frame, payload + ProbePayload.TIME_OFFSET));
            MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, expected, 0, expected.length);
        }
        assertArrayEquals(expected, frame);
    }
}
