package io.weft.perf.micro;

import io.weft.perf.result.MachineFacts;
import java.util.List;

/**
 * What one case cost.
 *
 * @param name the case
 * @param flows different flows, in random order
 * @param batch frames that the graph is given at once
 * @param nsPerPacket median of a batch, less the median of what writing its frames costs, by its frames
 * @param nsP999 99.9th percentile of a batch, less the same, by its frames
 * @param cyclesPerPacket {@code nsPerPacket} at the rate of {@link MachineFacts#mhz}
 * @param bytesPerPacket heap bytes that the worker's thread allocated; a run with any fails, so it is 0
 * @param stages nodes and their shares; empty where they were not measured
 */
public record MicroResult(String name, int flows, int batch, double nsPerPacket, double nsP999, double cyclesPerPacket,
    double bytesPerPacket, List<StageClock.Stage> stages, MachineFacts machine) {
    public MicroResult {
        stages = List.copyOf(stages);
    }
}
