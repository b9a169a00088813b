package io.weft.perf.micro;

import io.weft.perf.result.MachineFacts;
import io.weft.perf.result.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Runs Weft and a reference interleaved, so that both run under the same conditions. Weft runs in a new process each time, because the
 * JIT's result differs between processes and belongs to the spread.
 */
final class ReferencePairs {
    private static final int WARM_UP_MILLIS = 2500;
    private static final int MILLIS = 1000;
    private static final int BATCH = 64;

    private final ReferenceProgram reference;
    private final int pairs;
    private final MachineFacts machine = MachineFacts.read();

    ReferencePairs(ReferenceProgram reference, int pairs) {
        this.reference = reference;
        this.pairs = pairs;
    }

    /**
     * @param nsPerPacket median of Weft's means
     * @param ratio of each pair, not of the medians
     */
    record Result(String name, int flows, int batch, double nsPerPacket, Spread weft, Spread reference, Spread ratio,
        long bytesAllocated, MachineFacts machine) {
    }

    List<Result> run(List<TrafficCase> cases, List<Integer> flows, Consumer<Result> progress) {
        List<Result> results = new ArrayList<>();
        for (int count : flows) {
            for (Result result : interleave(cases, count)) {
                progress.accept(result);
                results.add(result);
            }
        }
        return results;
    }

    private List<Result> interleave(List<TrafficCase> cases, int flows) {
        double[][] weft = new double[cases.size()][pairs];
        double[][] other = new double[cases.size()][pairs];
        long[] allocated = new long[cases.size()];
        for (int pair = 0; pair < pairs; pair++) {
            for (int trafficCase = 0; trafficCase < weft.length; trafficCase++) {
                Meter.Cost cost = BenchJvm
                    .run(new MicroTask(MicroTask.Kind.MEAN, cases.get(trafficCase).label(), flows, BATCH,
                        WARM_UP_MILLIS, MILLIS, 1), Meter.Cost.class);
                weft[trafficCase][pair] = cost.nsPerPacket();
                allocated[trafficCase] += cost.allocatedBytes();
                other[trafficCase][pair] = reference.nsPerPacket(flows);
            }
        }
        return IntStream.range(0, weft.length)
            .mapToObj(trafficCase -> result(cases.get(trafficCase), flows, weft[trafficCase], other[trafficCase],
                allocated[trafficCase]))
            .toList();
    }

    private Result result(TrafficCase trafficCase, int flows, double[] weft, double[] other, long allocated) {
        double[] ratios = IntStream.range(0, pairs).mapToDouble(pair -> weft[pair] / other[pair]).toArray();
        Spread spread = Spread.of(weft);
        return new Result(trafficCase.label(), flows, BATCH, spread.median(), spread, Spread.of(other),
            Spread.of(ratios),
            allocated, machine);
    }
}
