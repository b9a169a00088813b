package io.weft.perf.micro;

import io.weft.perf.result.MachineFacts;
import java.util.List;

/**
 * The cost of one case.
 *
 * @param name the case
 * @param flows different flows, in random order
 * @param batch frames given to the graph at once
 * @param nsPerPacket median of a batch, minus the median cost of writing its frames, divided by its frames
 * @param nsP999 99.9th percentile of a batch, minus the same, divided by its frames
 * @param cyclesPerPacket {@code nsPerPacket} at the rate of {@link MachineFacts#mhz}
 * @param bytesPerPacket heap bytes that the worker's thread allocated; a run with any fails, so it is 0
 * @param stages nodes and their shares; empty if they were not measured
 */
public record MicroResult(String name, int flows, int batch, double nsPerPacket, double nsP999, double cyclesPerPacket,
    double bytesPerPacket, List<StageClock.Stage> stages, MachineFacts machine) {
    public MicroResult {
        stages = List.copyOf(stages);
    }
}
