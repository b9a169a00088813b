package io.weft.perf.micro;

import io.weft.perf.result.MachineFacts;

/**
 * A soak result with its case.
 *
 * @param p999ToMedian of the time of a batch
 */
record SoakReport(String name, int flows, int batch, Soak.Result batchNanos, double p999ToMedian,
    MachineFacts machine) {
    private static final long WARM_UP_MILLIS = 5_000;

    static SoakReport run(Combination combination, long millis) {
        Soak.Result result = BenchJvm.run(new MicroTask(MicroTask.Kind.SOAK, combination.trafficCase().label(),
            combination.flows(), combination.batch(), WARM_UP_MILLIS, millis, 1), Soak.Result.class);
        return new SoakReport(combination.trafficCase().label(), combination.flows(), combination.batch(), result,
            (double) result.p999() / result.p50(), MachineFacts.read());
    }
}
