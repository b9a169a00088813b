package io.weft.dataplane.table;

import java.util.List;
import java.util.Optional;

/** The contents of one generation of the tables, without the services. Immutable. */
public record TablesSnapshot(long generation, Optional<LocalNode> local, List<PortSpec> ports, List<PeerSpec> peers) {
    public TablesSnapshot {
        ports = List.copyOf(ports);
        peers = List.copyOf(peers);
    }
}
