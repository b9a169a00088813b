package io.weft.dataplane.counters;

import static io.weft.dataplane.counters.CounterLayout.*;

/**
 * Sizes of a counters file and its sections; a file is never resized.
 *
 * @param workers at least 1
 * @param ports port ids are 0 … ports-1
 * @param adjacencies adjacency slots are 0 … adjacencies-1
 */
public record CounterSizing(int workers, int ports, int adjacencies) {
    public CounterSizing {
        if (workers < 1 || ports < 1 || adjacencies < 0) {
            throw new IllegalArgumentException(
                "counters for " + workers + " workers, " + ports + " ports, " + adjacencies + " adjacencies");
        }
    }

    long labelsAt() {
        return PAGE;
    }

    long conductorAt() {
        return labelsAt() + roundUp((long) CounterFile.labels().size() * LABEL_BYTES);
    }

    long portsAt() {
        return conductorAt()
            + roundUp((long) ConductorGauge.count() * CELL + (long) ConductorText.count() * TEXT_STRIDE);
    }

    long adjacenciesAt() {
        return portsAt() + roundUp((long) ports * PORT_STRIDE);
    }

    long workersAt() {
        return adjacenciesAt() + roundUp((long) adjacencies * ADJACENCY_STRIDE);
    }

    long workerStride() {
        long cells = GraphNodeId.count() * (1L + NODE_SAMPLES) + DropReason.count()
            + (long) ports * (PortCounter.count() + DropReason.count());
        return roundUp(W_CELLS + cells * CELL);
    }

    long fileBytes() {
        return workersAt() + workers * workerStride();
    }
}
