package io.weft.dataplane.state;

import io.weft.dataplane.table.ForwardingTables;
import io.weft.lb.service.AffinityTable;

/**
 * What the conductor writes and all workers read. Each part is either an immutable version in a volatile field, read once per batch, or a
 * structure that documents its own rules for one writer and many readers.
 *
 * <p>Order of a change that involves several parts: a port enters the directory before a table routes to it, and leaves it afterwards; an
 * adjacency is bound before a table names its peer. A worker that finds a part missing drops the frame under its reason.
 */
public final class ForwardingState {
    private final Adjacencies adjacencies;
    private final NeighbourRequests neighbourRequests = new NeighbourRequests();
    private final FragmentTable fragments = new FragmentTable();
    private final AffinityTable affinities = new AffinityTable(AffinityTable.DEFAULT_ENTRIES);

    // Written by the conductor, read by workers: volatile publishes the immutable object behind the reference.
    private volatile ForwardingTables tables;
    private volatile PortDirectory ports = PortDirectory.EMPTY;
    private volatile LocalAddresses localAddresses = LocalAddresses.NONE;
    private volatile UnderlayRoutes underlayRoutes = UnderlayRoutes.NONE;
    private volatile boolean steeringReplies;

    public ForwardingState(Adjacencies adjacencies) {
        this.adjacencies = adjacencies;
    }

    /** The tables in use, or null before the first are published. */
    public ForwardingTables tables() {
        return tables;
    }

    public void publish(ForwardingTables newTables) {
        tables = newTables;
    }

    public PortDirectory ports() {
        return ports;
    }

    public void publish(PortDirectory newPorts) {
        ports = newPorts;
    }

    public LocalAddresses localAddresses() {
        return localAddresses;
    }

    public void publish(LocalAddresses newAddresses) {
        localAddresses = newAddresses;
    }

    public UnderlayRoutes underlayRoutes() {
        return underlayRoutes;
    }

    public void publish(UnderlayRoutes newRoutes) {
        underlayRoutes = newRoutes;
    }

    /**
     * Whether the replies to packets with the {@link io.weft.dataplane.forwarding.ReplyMark} come back from the node's stack. It becomes true
     * before the first frame arrives, or never.
     */
    public boolean isSteeringReplies() { return steeringReplies; }

    public void setSteeringReplies(boolean steering) { steeringReplies = steering; }

    public Adjacencies adjacencies() {
        return adjacencies;
    }

    /** The decisions on first fragments; all workers write and read them. */
    public FragmentTable fragments() {
        return fragments;
    }

    /** The backends of clients with session affinity; all workers write and read them. */
    public AffinityTable affinities() {
        return affinities;
    }

    public NeighbourRequests neighbourRequests() {
        return neighbourRequests;
    }
}
