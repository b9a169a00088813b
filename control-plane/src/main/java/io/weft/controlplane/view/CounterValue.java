package io.weft.controlplane.view;

import io.weft.dataplane.counters.CounterReader;
import java.util.ArrayList;
import java.util.List;

/**
 * One counter of the dataplane.
 *
 * @param kind {@code total}, {@code node}, {@code conductor} or {@code drop}
 */
public record CounterValue(String kind, String name, long value) {

    /** All of them, also those that are 0. */
    public static List<CounterValue> all(CounterReader counters) {
        List<CounterValue> values = new ArrayList<>();
        CounterTables.counters(counters, true).rows().forEach(row -> values
            .add(new CounterValue((String) row.get(0), (String) row.get(1), ((Number) row.get(2)).longValue())));
        CounterTables.drops(counters).forEach((reason, frames) -> values.add(new CounterValue("drop", reason, frames)));
        return values;
    }
}
