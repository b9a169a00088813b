package io.weft.perf.traffic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AfXdpTrafficTest {
    private static final int COUNT = 20_000;

    @BeforeAll
    static void needsRoot() {
        Requirements.root();
    }

    @Test
    void theSinkCountsWhatWasSent() {
        try (VethNamespaces veth = new VethNamespaces("tx");
            XdpSink sink = new XdpSink(veth.right, VethNamespaces.RIGHT_DEVICE, Expectation.port(Frames.PORT));
            AfXdpGenerator generator = new AfXdpGenerator(veth.left, VethNamespaces.LEFT_DEVICE,
                Frames.spec(Flows.random(65_536).withGroups(16), FrameSizes.imix(1500)), -1)) {
            SendReport report = generator.sendExactly(COUNT);
            assertEquals(COUNT, report.frames());
            assertEquals(COUNT, sink.counts().probes());
            assertEquals(0, sink.counts().late());
        }
    }

    @Test
    void theReceiverFindsEveryFrameOfASlowSender() throws InterruptedException {
        FrameSpec spec = Frames.spec(Flows.roundRobin(100), FrameSizes.of(128));
        try (VethNamespaces veth = new VethNamespaces("rx");
            AfXdpReceiver receiver = new AfXdpReceiver(veth.right, VethNamespaces.RIGHT_DEVICE,
                Expectation.port(Frames.PORT));
            AfXdpGenerator generator = new AfXdpGenerator(veth.left, VethNamespaces.LEFT_DEVICE, spec, -1)) {
            long sent = generator.run(Duration.ofMillis(300), 5000).frames();
            assertWhole(sent, receiver.finish());
        }
    }

    @Test
    void theReceiverUnderstandsFramesOfTheKernelAndInATunnel() throws InterruptedException {
        FrameSpec spec = Frames.spec(Flows.random(1000), FrameSizes.of(64)).in(Frames.TUNNEL);
        try (VethNamespaces veth = new VethNamespaces("vx");
            AfXdpReceiver receiver = new AfXdpReceiver(veth.right, VethNamespaces.RIGHT_DEVICE,
                Expectation.port(Frames.PORT).inTunnel(Frames.TUNNEL.port()));
            LiveFrameGenerator generator = new LiveFrameGenerator(veth.left, VethNamespaces.LEFT_DEVICE, spec, -1)) {
            long sent = generator.run(Duration.ofMillis(300), 5000).frames();
            ReceiveReport report = receiver.finish();
            assertWhole(sent, report);
            assertEquals(sent, receiver.arrived().tunnelled());
        }
    }

    private static void assertWhole(long sent, ReceiveReport report) {
        assertTrue(sent > 0, "sent nothing");
        assertEquals(sent, report.received() + report.overrun());
        assertEquals(0, report.reordered());
        assertEquals(0, report.duplicated());
        assertEquals(report.received(), report.latencyNanos().getTotalCount());
    }
}
