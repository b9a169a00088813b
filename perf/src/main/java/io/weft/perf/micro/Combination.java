package io.weft.perf.micro;

import io.weft.lb.flow.FlowTable;
import java.util.ArrayList;
import java.util.List;

/** A case with its number of flows and its batch size. */
record Combination(TrafficCase trafficCase, int flows, int batch) {
    static final List<Integer> FLOWS = List.of(1, 1024, 65_536, 1_048_576);
    static final List<Integer> BATCHES = List.of(64, 8, 1);
    static final int MAX_FLOWS = 1 << 20;
    private static final int FULL_BATCH = 64;
    /** Heap and JVM of a measuring process. */
    private static final long PROCESS_MIB = 600;

    /** All combinations, minus meaningless ones: a table that holds few flows would be emptied too often for {@code flow-miss}. */
    static List<Combination> of(List<TrafficCase> cases, List<Integer> flows, List<Integer> batches) {
        List<Combination> all = new ArrayList<>();
        for (TrafficCase trafficCase : cases) {
            for (int count : flows) {
                for (int batch : batches) {
                    if (!trafficCase.isMiss() || count >= TrafficCase.MIN_FLOWS_TO_MISS) {
                        all.add(new Combination(trafficCase, count, batch));
                    }
                }
            }
        }
        return all;
    }

    /** Every case with full batches, and the most important case also with small ones. */
    static List<Combination> defaults() {
        List<Combination> all = new ArrayList<>(of(List.of(TrafficCase.values()), FLOWS, List.of(FULL_BATCH)));
        all.addAll(of(List.of(TrafficCase.CLUSTERIP), FLOWS, BATCHES.subList(1, BATCHES.size())));
        return all;
    }

    long neededMib() {
        return (FlowTable.sizeFor(GraphWorld.maxFlows(flows)) >> 20) + PROCESS_MIB;
    }

    String text() {
        return "%s, %d flows, batch %d".formatted(trafficCase.label(), flows, batch);
    }
}
