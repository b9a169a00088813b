package io.weft.controlplane.api.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import io.weft.controlplane.flowlog.FlowRecords;
import io.weft.dataplane.flowlog.FlowEndReason;

/** How many flow records there were. */
final class FlowRecordMetrics {
    private FlowRecordMetrics() {
    }

    static void add(MetricSet metrics, FlowRecords records) {
        for (FlowEndReason reason : FlowEndReason.values()) {
            boolean start = reason == FlowEndReason.NONE;
            metrics.counter("weft_flow_records", "Flow records that the control plane has read.",
                Labels.of("event", start ? "start" : "end", "reason", start ? "" : reason.toString()),
                records.count(reason));
        }
        metrics.counter("weft_flow_records_lost", "Flow records for which the dataplane had no room.", records.lost());
    }
}
