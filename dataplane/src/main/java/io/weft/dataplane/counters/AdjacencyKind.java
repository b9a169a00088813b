package io.weft.dataplane.counters;

/** What an adjacency leads to. */
public enum AdjacencyKind {
    NONE,
    /** A peer node, through an outer header. */
    TUNNEL,
    /** A next hop on the uplink, through an Ethernet header. */
    UNDERLAY;

    private static final AdjacencyKind[] ALL = values();

    static AdjacencyKind of(int ordinal) {
        return ordinal >= 0 && ordinal < ALL.length ? ALL[ordinal] : NONE;
    }
}
