package io.weft.lb.flow;

import java.util.Locale;

/** Counters in the flow table's header. They are exact (atomic additions); no packet of a known flow updates them. */
public enum FlowCounter {
    /** Flows in the table now. */
    FLOWS(0),
    /** Flows created in total. */
    CREATED(1),
    /** Inserts that found the flow already created by another worker. */
    ADOPTED(2),
    /** Inserts refused because the table is full. */
    REFUSED_FULL(3),
    /** Inserts refused because another flow has the reverse key. */
    REVERSE_TAKEN(4),
    /** Inserts abandoned because another worker held a claim on the same key for too long. */
    BUSY(5),
    /** Flows ended by their timeout. */
    EXPIRED(6),
    /** Half-open flows ended early because the table was nearly full. */
    EVICTED(7),
    /** Flows ended because the tables no longer allow them. */
    INVALIDATED(8),
    /** Flows ended because a new connection replaced them. */
    REPLACED(9);

    /** Index in the header; part of the layout. */
    final int slot;

    FlowCounter(int slot) {
        this.slot = slot;
    }

    /** Name in the output. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
