package io.weft.controlplane.api.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.OperatorWrite;
import io.weft.controlplane.operator.WriteCounts;
import io.weft.controlplane.operator.WriteKind;
import java.util.function.Supplier;

/** What operators write. Any thread. */
public final class OperatorMetrics {
    private final Supplier<OperatorState> state;
    private final WriteCounts counts;

    public OperatorMetrics(Supplier<OperatorState> state, WriteCounts counts) {
        this.state = state;
        this.counts = counts;
    }

    void add(MetricSet metrics) {
        counts.forEach((kind, outcome, count) -> metrics.counter("weft_operator_writes",
            "Operators' writes through the API, by what became of them.",
            Labels.of("kind", kind, "outcome", outcome.toString()), count));
        OperatorState now = state.get();
        for (WriteKind kind : WriteKind.values()) {
            metrics.gauge("weft_operator_writes_in_force", "Operators' writes that are in force.",
                Labels.of("kind", kind.toString()),
                now.all().stream().map(OperatorWrite::kind).filter(kind::equals).count());
        }
    }
}
