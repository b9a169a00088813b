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
 * ns of a batch through the whole graph: {@code forward} less {@code arm}, which is what the frames cost to be written. The C reference
 * {@code pipe} does the same subtraction. An operation is a batch, because JMH cuts samples to whole nanoseconds.
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
