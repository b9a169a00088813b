package io.weft.perf.compare;

import io.weft.perf.traffic.Flows;
import io.weft.perf.traffic.FrameSizes;
import io.weft.perf.traffic.FrameSpec;
import io.weft.perf.traffic.LiveFrameGenerator;

/** Loads of 60-byte frames that the kernel makes; flows differ in the source port, because a pod has one address. */
final class LiveLoadSource implements LoadSource {
    private static final int PORTS = 65_535;
    private static final int FIRST_PORT = 1;

    @Override
    public Load start(Entrance entrance, int flows, double framesPerSecond, int core) {
        Flows chosen = new Flows(flows, PORTS, FIRST_PORT, Flows.Spread.DESTINATION_PORT, flows > 1, 1);
        FrameSpec spec = new FrameSpec(entrance.destinationMac(), entrance.sourceMac(), entrance.source(),
            entrance.destination(), entrance.port(), chosen,
            FrameSizes.of(Settings.FRAME_BYTES + FrameSizes.FCS_LENGTH));
        LiveFrameGenerator generator = new LiveFrameGenerator(entrance.netns(), entrance.device(), spec, core);
        return new LiveLoad(generator, generator.start(framesPerSecond));
    }

    private record LiveLoad(LiveFrameGenerator generator, LiveFrameGenerator.Run run) implements Load {
        @Override
        public long sent() {
            return generator.sent();
        }

        @Override
        public int thread() {
            return run.thread();
        }

        @Override
        public void close() {
            try (generator) {
                run.stop();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
