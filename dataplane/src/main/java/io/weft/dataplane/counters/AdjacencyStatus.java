package io.weft.dataplane.counters;

/**
 * A tunnel endpoint or next hop as the conductor last reported it.
 *
 * @param kind never {@code NONE} in what a reader returns
 * @param ip the tunnel endpoint, or the next hop itself; host-numeric
 * @param nextHop the address that ARP resolves; host-numeric
 * @param mac of the next hop; 0 while unresolved
 * @param name the peer's node name, or the outgoing interface
 */
public record AdjacencyStatus(
    int slot, AdjacencyKind kind, int ip, int nextHop, boolean resolved, long mac, int ifindex, String name) {
}
