package io.weft.controlplane.operator;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/** How often operators have written something since the start, by kind and by what became of it. Any thread. */
public final class WriteCounts {
    /** The kind of counter snapshots; the others are {@link WriteKind}s. */
    public static final String SNAPSHOT = "snapshot";

    /** What became of a write. */
    public enum Outcome {
        /** It is in force. */
        DONE,
        /** It was in force already. */
        UNCHANGED,
        DRY_RUN,
        /** A part of it was wrong. */
        WRONG,
        /** It would be a mistake, or the resource was not as expected. */
        REFUSED,
        /** The disk or the control loop did not take it. */
        FAILED;

        /** Name in metrics. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Immutable once made, so any thread may read it; the adders change. */
    private final Map<String, Map<Outcome, LongAdder>> counts = new TreeMap<>();

    public WriteCounts() {
        for (WriteKind kind : WriteKind.values()) {
            counts.put(kind.toString(), adders());
        }
        counts.put(SNAPSHOT, adders());
    }

    private static Map<Outcome, LongAdder> adders() {
        Map<Outcome, LongAdder> adders = new EnumMap<>(Outcome.class);
        for (Outcome outcome : Outcome.values()) {
            adders.put(outcome, new LongAdder());
        }
        return adders;
    }

    /** @param kind a {@link WriteKind}'s text, or {@link #SNAPSHOT} */
    public void add(String kind, Outcome outcome) {
        counts.get(kind).get(outcome).increment();
    }

    /** Receives a count. */
    @FunctionalInterface
    public interface Visitor {
        void visit(String kind, Outcome outcome, long count);
    }

    /** Every kind with every outcome, also those that are 0. */
    public void forEach(Visitor visitor) {
        counts.forEach((kind, outcomes) -> outcomes
            .forEach((outcome, count) -> visitor.visit(kind, outcome, count.sum())));
    }
}
