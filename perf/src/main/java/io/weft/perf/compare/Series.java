package io.weft.perf.compare;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.weft.perf.result.Spread;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** All measurements of one system with one workload. */
record Series(String system, Workload workload, int flows, List<Sample> samples) {
    @JsonProperty
    String name() {
        return nameOf(system, workload, flows);
    }

    static String nameOf(String system, Workload workload, int flows) {
        return system + " " + workload.label() + " " + (flows == 1 ? "1 flow" : flows + " flows");
    }

    @JsonProperty
    Spread mpps() {
        return saturating(Sample::mpps);
    }

    @JsonProperty
    Spread mppsPerCore() {
        return saturating(Sample::mppsPerCore);
    }

    @JsonProperty
    Spread loss() {
        return saturating(Sample::loss);
    }

    @JsonProperty
    Spread asExpected() {
        return saturating(Sample::asExpected);
    }

    @JsonProperty
    Spread framesPerBatch() {
        return saturating(Sample::framesPerBatch);
    }

    /** Packets per core-second in overload, for information: measured first, while warming up. */
    @JsonProperty
    double mppsPerCoreAtOverload() {
        return samples.stream().filter(Sample::overload).mapToDouble(Sample::mppsPerCore).findFirst().orElse(0);
    }

    /** Over the samples at the load that just saturates the system. */
    private Spread saturating(ToDoubleFunction<Sample> figure) {
        return Spread.of(counted().stream().mapToDouble(figure).toArray());
    }

    /** Overload samples serve to find the load, and to show what overload costs. */
    List<Sample> counted() {
        return samples.stream().filter(sample -> !sample.overload()).toList();
    }
}
