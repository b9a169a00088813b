package io.weft.dataplane.table;

import io.weft.dataplane.forwarding.Route;
import io.weft.lb.service.ServiceTable;

/**
 * The tables as workers read them: one published version. One thread per instance; allocation-free; a lookup sees an entry as a whole, old
 * or new.
 */
public interface ForwardingTables {
    /** This node, in this version; does not change within a version of the file. */
    LocalNode local();

    /** Increases with each change; workers publish it as their epoch. */
    long generation();

    /**
     * Longest-prefix match.
     *
     * @return a {@link Route}
     */
    long route4(int destination);

    /** @return the {@link PeerSpec#tunnel} whose endpoint has this address, or -1 */
    int peerByEndpoint(int address);

    /** One thread per instance, like {@link #route4} and {@link #peerByEndpoint}; see {@link #forWorker}. */
    ServiceTable services();

    /** The same tables for another thread, because lookups cache where they last looked. Allocates. */
    ForwardingTables forWorker();
}
