package io.weft.lb.flow;

import io.weft.encap.address.Ipv4Address;

/**
 * A copy of one {@link FlowEntry}, for output. Addresses are numeric; {@code idleSeconds} uses the table's clock.
 *
 * @param flags of {@link FlowEntry}
 */
public record FlowRecord(int protocol, int source, int sourcePort, int destination, int destinationPort, int newSource,
    int newSourcePort,
    int newDestination, int newDestinationPort, int state, int flags, int egress, int ingress, int idleSeconds,
    long packets, long bytes) {

    public boolean isReverse() { return (flags & FlowEntry.REVERSE) != 0; }

    @Override
    public String toString() {
        return "%d %s:%d -> %s:%d as %s:%d -> %s:%d %s".formatted(protocol, Ipv4Address.format(source), sourcePort,
            Ipv4Address.format(destination), destinationPort, Ipv4Address.format(newSource), newSourcePort,
            Ipv4Address.format(newDestination), newDestinationPort, FlowState.name(state));
    }
}
