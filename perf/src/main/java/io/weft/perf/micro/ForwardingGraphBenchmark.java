package io.weft.perf.micro;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * ns of a batch through the whole graph: {@code forward} minus {@code arm}, which is the cost of writing the frames. The C reference
 * {@code pipe} subtracts the same. An operation is a batch, because JMH rounds samples to whole nanoseconds.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class ForwardingGraphBenchmark {
    @Benchmark
    public int forward(GraphState state) {
        return state.forward();
    }

    @Benchmark
    public int arm(GraphState state) {
        return state.arm();
    }
}
