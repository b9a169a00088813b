package io.weft.dataplane.warmup;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import java.util.LinkedHashMap;
import java.util.Map;

/** The counters of the warm-up's graph. */
record CounterSnapshot(long received, long originated, long ended, Map<String, Long> nodes, Map<String, Long> drops) {
    static CounterSnapshot of(CounterReader counters) {
        Map<String, Long> nodes = new LinkedHashMap<>();
        for (int i = 0; i < counters.nodeLabels().size(); i++) {
            nodes.put(counters.nodeLabels().get(i), counters.node(i));
        }
        Map<String, Long> drops = new LinkedHashMap<>();
        for (int i = 0; i < counters.dropLabels().size(); i++) {
            drops.put(counters.dropLabels().get(i), counters.drop(i));
        }
        long ended = counters.total(FrameTotal.SENT) + counters.total(FrameTotal.PUNTED)
            + counters.total(FrameTotal.DROPPED);
        return new CounterSnapshot(counters.total(FrameTotal.RECEIVED), counters.total(FrameTotal.ORIGINATED), ended,
            nodes, drops);
    }
}
