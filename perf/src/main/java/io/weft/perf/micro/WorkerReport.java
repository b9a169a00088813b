package io.weft.perf.micro;

import io.weft.perf.result.MachineFacts;
import io.weft.perf.result.Spread;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Two workers on two processors, in millions of packets a second.
 *
 * @param flows of each worker
 * @param one the first worker alone
 * @param two both at once, summed
 * @param ratio of both to the mean of each alone
 */
record WorkerReport(String name, int flows, Spread one, Spread two, Spread ratio, MachineFacts machine) {
    private static final int BATCH = 64;
    private static final long WARM_UP_MILLIS = 4_000;
    private static final long MILLIS = 500;

    /** What the two have in common besides the flow table, the tables and the counters' file. */
    enum Sharing {
        /** No flow: pods' frames on both, as receive-side scaling spreads them. */
        DISJOINT_FLOWS("disjoint flows", MicroTask.Kind.DISJOINT_FLOWS),
        /** Flows, but no direction: requests on one, their replies on the other. */
        BOTH_DIRECTIONS("both directions", MicroTask.Kind.BOTH_DIRECTIONS),
        /** Each frame may be of a flow that the other is at: no receiver spreads frames so. The bound of what contention could cost. */
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
