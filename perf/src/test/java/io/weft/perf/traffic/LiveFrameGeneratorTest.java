package io.weft.perf.traffic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LiveFrameGeneratorTest {
    private static final Expectation EXPECTED = Expectation.port(Frames.PORT);

    @BeforeAll
    static void needsRoot() {
        Requirements.root();
    }

    @Test
    void theSinkCountsWhatWasSent() throws InterruptedException {
        try (VethNamespaces veth = new VethNamespaces("live");
            XdpSink sink = new XdpSink(veth.right, VethNamespaces.RIGHT_DEVICE, EXPECTED);
            LiveFrameGenerator generator = new LiveFrameGenerator(veth.left, VethNamespaces.LEFT_DEVICE,
                Frames.spec(Flows.random(65_536), FrameSizes.of(64)), -1)) {
            long sent = generator.run(Duration.ofMillis(200), 20_000).frames();
            assertEquals(sent, sink.counts().matched());
            sent += generator.sendExactly(10_000).frames();
            assertEquals(generator.sent(), sent);
            assertTrue(sink.counts().probes() <= sent);
            assertEquals(0, sink.counts().late());
        }
    }
}
