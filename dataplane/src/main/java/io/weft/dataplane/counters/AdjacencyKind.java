package io.weft.dataplane.counters;

/** What an adjacency leads to. */
public enum AdjacencyKind {
    NONE,
    /** A peer node, by an outer header. */
    TUNNEL,
    /** A next hop on the uplink, by an Ethernet header. */
    UNDERLAY;

    private static final AdjacencyKind[] ALL = values();

    static AdjacencyKind of(int ordinal) {
        return ordinal >= 0 && ordinal < ALL.length ? ALL[ordinal] : NONE;
    }
}
