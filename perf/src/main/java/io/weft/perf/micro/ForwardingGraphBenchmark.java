package io.weft.perf.micro;

import io.weft.dataplane.frame.FrameBatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * ns per frame of the whole graph, pod → ClusterIP → VXLAN, batches of 64, flows in random order: {@code forward} less {@code arm}, which is what the
 * frames cost to be written. The C reference {@code pipe} does the same subtraction; compare ratios from the same minutes on one machine only.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
    "-XX:+UseSerialGC", "-Xms64m", "-Xmx64m"})
@State(Scope.Thread)
public class ForwardingGraphBenchmark {
    @Param({"1", "65536", "1048576"}) public int flows;

    private GraphWorld world;
    private boolean forwarded;

    @Setup
    public void setUp() {
        world = new GraphWorld(flows);
    }

    @Benchmark
    @OperationsPerInvocation(FrameBatch.CAPACITY)
    public int forward() {
        forwarded = true;
        return world.forward();
    }

    @Benchmark
    @OperationsPerInvocation(FrameBatch.CAPACITY)
    public int arm() {
        return world.arm();
    }

    @TearDown(Level.Iteration)
    public void check() {
        if (forwarded) {
            world.check();
        }
    }

    @TearDown
    public void tearDown() {
        world.close();
    }
}
