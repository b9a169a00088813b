package io.weft.controlplane.operator;

import java.util.Locale;

/** What an operator can write; each kind has subjects of its own form. */
public enum WriteKind {
    /** An endpoint gets no new flows; the subject is a {@link DrainTarget}. */
    DRAIN,
    /** A Service refuses new flows; the subject is {@code namespace/name}. */
    PAUSE,
    /** A static route; the subject is a prefix, the setting a {@link RouteTarget}. */
    ROUTE,
    /** The log level of both processes; the subject is {@link OperatorState#LOG_LEVEL}, the setting a level. */
    LOG_LEVEL;

    /** Name in output and in the file. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
