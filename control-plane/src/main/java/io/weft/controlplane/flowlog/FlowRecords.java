package io.weft.controlplane.flowlog;

import io.weft.controlplane.api.events.RecentItems;
import io.weft.controlplane.view.FlowNames;
import io.weft.dataplane.flowlog.FlowEndReason;
import io.weft.dataplane.flowlog.FlowLogRecord;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** The latest flow records, in memory, and how many there were. Any thread. */
public final class FlowRecords {
    /** About 10 MB. */
    private static final int MAX_RECORDS = 16_384;

    /**
     * A record, with the numbers that filters compare.
     *
     * @param named as it is shown
     */
    public record Entry(FlowLogRecord raw, NamedFlow named) {
    }

    private final RecentItems<Entry> recent = new RecentItems<>(MAX_RECORDS);
    private final Map<FlowEndReason, LongAdder> counts = new EnumMap<>(FlowEndReason.class);
    private final AtomicLong lost = new AtomicLong();

    public FlowRecords() {
        for (FlowEndReason reason : FlowEndReason.values()) {
            counts.put(reason, new LongAdder());
        }
    }

    /**
     * Keeps a record.
     *
     * @param names of its ends
     * @return as it is shown
     */
    public NamedFlow add(FlowLogRecord entry, FlowNames names) {
        NamedFlow named = NamedFlow.of(entry, names);
        recent.add(_ -> new Entry(entry, named));
        counts.get(entry.reason()).increment();
        return named;
    }

    /** Counts records for which there was no room. */
    public void addLost(long records) {
        lost.addAndGet(records);
    }

    public RecentItems<Entry> recent() {
        return recent;
    }

    /** Records since the control plane has started, by reason; {@link FlowEndReason#NONE}: of flows that have begun. */
    public long count(FlowEndReason reason) {
        return counts.get(reason).sum();
    }

    /** Records for which the dataplane had no room, because they were not read in time. */
    public long lost() {
        return lost.get();
    }
}
