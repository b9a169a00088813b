package io.weft.perf.micro;

import io.weft.perf.result.MachineFacts;
import io.weft.perf.result.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Weft and a reference in turn, so that both see the same minutes. Weft's process is a new one each time: what the JIT makes of the code differs
 * between processes, and belongs to the spread.
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

    List<Result> run(List<TrafficCase> ways, List<Integer> flows, Consumer<Result> progress) {
        List<Result> results = new ArrayList<>();
        for (int count : flows) {
            for (Result result : interleave(ways, count)) {
                progress.accept(result);
                results.add(result);
            }
        }
        return results;
    }

    private List<Result> interleave(List<TrafficCase> ways, int flows) {
        double[][] weft = new double[ways.size()][pairs];
        double[][] other = new double[ways.size()][pairs];
        long[] allocated = new long[ways.size()];
        for (int pair = 0; pair < pairs; pair++) {
            for (int way = 0; way < weft.length; way++) {
                Meter.Cost cost = BenchJvm.run(new MicroTask(MicroTask.Kind.MEAN, ways.get(way).label(), flows, BATCH,
                    WARM_UP_MILLIS, MILLIS, 1), Meter.Cost.class);
                weft[way][pair] = cost.nsPerPacket();
                allocated[way] += cost.allocatedBytes();
                other[way][pair] = reference.nsPerPacket(flows);
            }
        }
        return IntStream.range(0, weft.length)
            .mapToObj(way -> result(ways.get(way), flows, weft[way], other[way], allocated[way])).toList();
    }

    private Result result(TrafficCase way, int flows, double[] weft, double[] other, long allocated) {
        double[] ratios = IntStream.range(0, pairs).mapToDouble(pair -> weft[pair] / other[pair]).toArray();
        Spread spread = Spread.of(weft);
        return new Result(way.label(), flows, BATCH, spread.median(), spread, Spread.of(other), Spread.of(ratios),
            allocated, machine);
    }
}
