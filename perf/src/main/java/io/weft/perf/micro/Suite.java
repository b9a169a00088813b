package io.weft.perf.micro;

import io.weft.perf.result.MachineFacts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.util.Statistics;

/** Runs combinations with JMH, each in a JVM of its own, and their stages in another. */
final class Suite {
    /**
     * Heap bytes per operation by JMH's gc profiler, which also counts JMH's own tens to hundreds of kilobytes per iteration.
     * {@link GraphState} checks after each iteration that the worker's thread allocates nothing at all.
     */
    private static final double MAX_BYTES_PER_BATCH = 64;

    private static final String ALLOCATION = "gc.alloc.rate.norm";
    private static final int MEDIAN = 50;
    private static final double P999 = 99.9;
    /** Writing frames costs the same for any number of flows and, except for the kind of frame, for any case. */
    private static final int ARM_FLOWS = 1024;
    private static final int STAGES_BATCH = 64;

    private final Effort effort;
    private final MachineFacts machine = MachineFacts.read();
    private final Map<Combination, Double> armMedians = new HashMap<>();

    Suite(Effort effort) {
        // The lock file of another user would stop this one; the launcher's user decides what runs at once.
        System.setProperty("jmh.ignoreLock", "true");
        this.effort = effort;
    }

    /** @param progress receives each result at once */
    List<MicroResult> run(List<Combination> combinations, Consumer<MicroResult> progress) {
        List<MicroResult> results = new ArrayList<>();
        for (Combination combination : combinations) {
            MicroResult result = measure(combination);
            progress.accept(result);
            results.add(result);
        }
        return results;
    }

    private MicroResult measure(Combination combination) {
        RunResult forward = jmh("forward", combination, effort.measurements());
        double arm = armMedian(combination);
        double allocated = forward.getSecondaryResults().get(ALLOCATION).getScore();
        if (allocated > MAX_BYTES_PER_BATCH) {
            throw new IllegalStateException("%s allocates %.1f bytes of heap for a batch: the forwarding path must not"
                .formatted(combination.text(), allocated));
        }
        double ns = (percentile(forward, MEDIAN) - arm) / combination.batch();
        return new MicroResult(combination.trafficCase().label(), combination.flows(), combination.batch(), ns,
            (percentile(forward, P999) - arm) / combination.batch(), machine.cycles(ns), 0, stages(combination),
            machine);
    }

    private double armMedian(Combination combination) {
        return armMedians.computeIfAbsent(
            new Combination(combination.trafficCase().sameFrames(), ARM_FLOWS, combination.batch()),
            arm -> percentile(jmh("arm", arm, 1), MEDIAN));
    }

    /** The clocks between nodes would outweigh the cost of smaller batches. */
    private List<StageClock.Stage> stages(Combination combination) {
        return combination.batch() == STAGES_BATCH
            ? List.of(BenchJvm.run(effort.stages(combination), StageClock.Stage[].class))
            : List.of();
    }

    private RunResult jmh(String method, Combination combination, int measurements) {
        try {
            Path log = Files.createTempFile("weft-jmh", ".log");
            TimeValue iteration = TimeValue.milliseconds(effort.millis());
            RunResult result = runSingle(new OptionsBuilder()
                .include("^" + ForwardingGraphBenchmark.class.getName() + "\\." + method + "$")
                .param("trafficCase", combination.trafficCase().label())
                .param("flows", String.valueOf(combination.flows()))
                .param("batch", String.valueOf(combination.batch())).addProfiler(GCProfiler.class)
                .warmupIterations(effort.warmUps()).warmupTime(iteration).measurementIterations(measurements)
                .measurementTime(iteration).jvmArgsAppend(BenchJvm.flags().toArray(String[]::new))
                .shouldFailOnError(true).output(log.toString()), combination, log);
            Files.delete(log);
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static RunResult runSingle(ChainedOptionsBuilder options,
        Combination combination, Path log) {
        try {
            return new Runner(options.build()).runSingle();
        } catch (RunnerException e) {
            throw new IllegalStateException(combination.text() + " failed: see " + log, e);
        }
    }

    private static double percentile(RunResult run, double percentile) {
        Statistics samples = run.getPrimaryResult().getStatistics();
        return samples.getPercentile(percentile);
    }
}
