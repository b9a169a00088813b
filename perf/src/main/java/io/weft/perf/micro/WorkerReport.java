package io.weft.perf.micro;

import io.weft.perf.result.MachineFacts;
import io.weft.perf.result.Spread;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Two workers on two processors, in millions of packets per second.
 *
 * @param flows of each worker
 * @param one the first worker alone
 * @param two both together, summed
 * @param ratio of both together to the mean of each alone
 */
record WorkerReport(String name, int flows, Spread one, Spread two, Spread ratio, MachineFacts machine) {
    private static final int BATCH = 64;
    private static final long WARM_UP_MILLIS = 4_000;
    private static final long MILLIS = 500;

    /** What the two share besides the flow table, the tables and the counters file. */
    enum Sharing {
        /** No flow: frames of pods on both, as receive-side scaling spreads them. */
        DISJOINT_FLOWS("disjoint flows", MicroTask.Kind.DISJOINT_FLOWS),
        /** Flows, but not their directions: requests on one, their replies on the other. */
        BOTH_DIRECTIONS("both directions", MicroTask.Kind.BOTH_DIRECTIONS),
        /**
         * Any frame may belong to a flow that the other also works on. No receiver spreads frames like that: the upper bound of what
         * contention could cost.
         */
        SAME_FLOWS("same flows", MicroTask.Kind.SAME_FLOWS);

        private final String label;
        private final MicroTask.Kind kind;

        Sharing(String label, MicroTask.Kind kind) {
            this.label = label;
            this.kind = kind;
        }
    }

    static WorkerReport run(Sharing sharing, int flows, int rounds) {
        List<WorkerPair.Round> measured = List
            .of(BenchJvm.run(new MicroTask(sharing.kind, TrafficCase.CLUSTERIP.label(),
                flows, BATCH, WARM_UP_MILLIS, MILLIS, rounds), WorkerPair.Round[].class));
        return new WorkerReport(sharing.label, flows, spread(measured, WorkerPair.Round::oneRate),
            spread(measured, WorkerPair.Round::twoRate), spread(measured, WorkerPair.Round::ratio),
            MachineFacts.read());
    }

    private static Spread spread(List<WorkerPair.Round> rounds, ToDoubleFunction<WorkerPair.Round> figure) {
        return Spread.of(rounds.stream().mapToDouble(figure).toArray());
    }
}
