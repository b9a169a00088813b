package io.weft.perf.compare;

import io.weft.perf.traffic.Flows;
import io.weft.perf.traffic.FrameSizes;
import io.weft.perf.traffic.FrameSpec;
import io.weft.perf.traffic.LiveFrameGenerator;
import java.io.IOException;
import java.util.List;

/** Loads of 60-byte frames that the kernel generates. Flows differ in the source port, because a pod has one address. */
final class LiveLoadSource implements LoadSource {
    private static final int PORTS = 65_535;
    private static final int FIRST_PORT = 1;

    @Override
    public Load start(IngressPort ingress, int flows, double framesPerSecond, int core) throws Exception {
        Flows chosen = new Flows(flows, PORTS, FIRST_PORT, Flows.Spread.DESTINATION_PORT, flows > 1, 1);
        FrameSpec spec = new FrameSpec(ingress.destinationMac(), ingress.sourceMac(), ingress.source(),
            ingress.destination(), ingress.port(), chosen,
            FrameSizes.of(Settings.FRAME_BYTES + FrameSizes.FCS_LENGTH));
        LiveFrameGenerator generator = new LiveFrameGenerator(ingress.netns(), ingress.device(), spec, core);
        LiveLoad load = new LiveLoad(generator, generator.start(framesPerSecond));
        try {
            load.raise();
            return load;
        } catch (IOException | InterruptedException e) {
            load.close();
            throw e;
        }
    }

    private record LiveLoad(LiveFrameGenerator generator, LiveFrameGenerator.Run run) implements Load {
        void raise() throws IOException, InterruptedException {
            while (thread() == 0) {
                Thread.sleep(1);
            }
            Priority.raiseThreads(List.of(Integer.toString(thread())));
        }

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
