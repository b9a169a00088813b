package io.weft.dataplane.table;

import io.weft.dataplane.forwarding.Route;
import io.weft.lb.service.ServiceTable;

/**
 * The tables as workers read them: one published version. One thread an instance; allocation-free; lookups see an entry
 * whole, old or new.
 */
public interface ForwardingTables {
    /** Of this version; does not change within a version of the file. */
    LocalNode local();

    /** Grows with each change; what workers publish as their epoch. */
    long generation();

    /**
     * Longest-prefix match.
     *
     * @return a {@link Route}
     */
    long route4(int destination);

    /** @return the {@link PeerSpec#tunnel} whose endpoint has this address, or -1 */
    int peerByEndpoint(int address);

    /** One thread an instance, as {@link #route4} and {@link #peerByEndpoint} are; see {@link #forWorker}. */
    ServiceTable services();

    /** The same tables for another thread: lookups remember where they last looked. Allocates. */
    ForwardingTables forWorker();
}
