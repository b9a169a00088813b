package io.weft.perf.micro;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * The task of a measuring JVM, and its main class. The task is the argument, the result the output, both in JSON.
 *
 * @param trafficCase the case
 * @param rounds of {@code millis} each, if there are several
 */
record MicroTask(Kind kind, String trafficCase, int flows, int batch, long warmUpMillis, long millis, int rounds) {
    /** Kinds of measurement, with their results. */
    enum Kind {
        /** {@link Meter.Cost}. */
        MEAN,
        /** Array of {@link StageClock.Stage}. */
        STAGES,
        /** {@link Soak.Result}. */
        SOAK,
        /** Array of {@link WorkerPair.Round}; the case is ignored. */
        DISJOINT_FLOWS, BOTH_DIRECTIONS, SAME_FLOWS
    }

    public static void main(String[] arguments) throws IOException {
        MicroTask task = BenchJvm.JSON.readValue(arguments[0], MicroTask.class);
        Processors.pinToLast();
        GraphWorld.warmUp();
        System.out.println(BenchJvm.JSON.writeValueAsString(task.run()));
    }

    Object run() {
        return switch (kind) {
            case MEAN -> mean();
            case STAGES -> stages();
            case SOAK -> soak();
            case DISJOINT_FLOWS, BOTH_DIRECTIONS, SAME_FLOWS -> WorkerPair.measure(this);
        };
    }

    long warmUpNanos() {
        return TimeUnit.MILLISECONDS.toNanos(warmUpMillis);
    }

    long nanos() {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private Meter.Cost mean() {
        try (GraphWorld world = new GraphWorld(TrafficCase.of(trafficCase), flows, batch)) {
            Meter meter = new Meter(world.lane());
            meter.run(warmUpNanos());
            Meter.Cost cost = meter.run(nanos());
            world.check();
            return cost;
        }
    }

    private Object stages() {
        StageClock clock = new StageClock();
        try (GraphWorld world = new GraphWorld(TrafficCase.of(trafficCase), flows, batch, clock)) {
            clock.run(world, warmUpNanos());
            clock.run(world, nanos());
            world.check();
            return clock.stages(StageClock.clockNanos());
        }
    }

    private Soak.Result soak() {
        try (GraphWorld world = new GraphWorld(TrafficCase.of(trafficCase), flows, batch)) {
            Soak soak = new Soak();
            soak.run(world, warmUpNanos());
            Soak.Result result = soak.run(world, nanos());
            world.check();
            return result;
        }
    }
}
