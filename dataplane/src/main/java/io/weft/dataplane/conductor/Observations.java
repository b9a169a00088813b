package io.weft.dataplane.conductor;

import io.weft.dataplane.capture.Capture;
import io.weft.dataplane.capture.CaptureMessage;
import io.weft.dataplane.capture.CaptureRequest;
import io.weft.dataplane.trace.Trace;
import io.weft.dataplane.trace.TraceMessage;
import io.weft.dataplane.trace.TraceRequest;
import java.nio.file.Path;
import java.util.List;

/** What commands may ask of a running dataplane: {@code weft capture} and {@code weft trace}, at most one of each. Cold code. */
final class Observations {
    private Observations() {
    }

    static List<ObservationRequest> requests(Path runDirectory, Devices devices, WorkerPool workers) {
        ObservationRequest.Kind capture = new ObservationRequest.Kind("capture", "capturing", CaptureRequest.NAME,
            CaptureMessage.KIND.name(), (files, overlay, now) -> Capture.begin(runDirectory, files,
                workers.memories().stream().map(memory -> memory.memory().pool()).toList(), overlay, now));
        ObservationRequest.Kind trace = new ObservationRequest.Kind("trace", "tracing", TraceRequest.NAME,
            TraceMessage.KIND.name(), (files, overlay, now) -> Trace.begin(runDirectory, files, workers.graphs(),
                workers.memories().stream().map(memory -> memory.counters()).toList(), overlay, now));
        return List.of(new ObservationRequest(capture, runDirectory, devices, workers),
            new ObservationRequest(trace, runDirectory, devices, workers));
    }
}
