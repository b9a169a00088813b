package io.weft.controlplane.view;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** {@code weft show counters} and {@code drops}. */
public final class CounterTables {
    private static final int TOP_PORTS = 3;

    private CounterTables() {
    }

    /** First the terms of received + originated = sent + punted + dropped + in flight, then the frames of each node. */
    static Table counters(CounterReader counters, boolean all) {
        Table table = View.COUNTERS.newTable();
        for (FrameTotal total : FrameTotal.values()) {
            table.add("total", total.label(), counters.total(total));
        }
        List<String> nodes = counters.nodeLabels();
        for (int i = 0; i < nodes.size(); i++) {
            if (all || counters.node(i) != 0) {
                table.add("node", nodes.get(i), counters.node(i));
            }
        }
        for (ConductorGauge gauge : ConductorGauge.values()) {
            if (gauge != ConductorGauge.HEARTBEAT && (all || counters.gauge(gauge) != 0)) {
                table.add("conductor", gauge.label(), counters.gauge(gauge));
            }
        }
        return table;
    }

    /** With the ports that most frames came from, pods by their names. */
    static Table drops(NodeFiles files, boolean all) {
        CounterReader counters = files.requireCounters();
        Map<Integer, String> ports = PortTables.namesOf(files);
        Table table = View.DROPS.newTable();
        drops(counters).forEach((reason, frames) -> {
            if (all || frames != 0) {
                table.add(reason, frames, from(counters, counters.dropLabels().indexOf(reason), ports));
            }
        });
        return table;
    }

    /** Frames of ports that are closed, and of attachments before the present one, are in the total only. */
    private static String from(CounterReader counters, int reason, Map<Integer, String> ports) {
        Map<Integer, Long> frames = new HashMap<>();
        ports.keySet().forEach(port -> frames.put(port, counters.portDrop(port, reason)));
        return frames.entrySet().stream().filter(port -> port.getValue() != 0)
            .sorted(Map.Entry.<Integer, Long>comparingByValue().reversed())
            .limit(TOP_PORTS)
            .map(port -> ports.get(port.getKey()) + " " + port.getValue())
            .collect(Collectors.joining(", "));
    }

    /** Frames by reason, highest count first. */
    static Map<String, Long> drops(CounterReader counters) {
        List<String> reasons = counters.dropLabels();
        List<Map.Entry<String, Long>> drops = new ArrayList<>();
        for (int i = 0; i < reasons.size(); i++) {
            drops.add(Map.entry(reasons.get(i), counters.drop(i)));
        }
        drops.sort(Map.Entry.<String, Long>comparingByValue().reversed());
        Map<String, Long> ordered = new LinkedHashMap<>();
        drops.forEach(drop -> ordered.put(drop.getKey(), drop.getValue()));
        return ordered;
    }
}
