package io.weft.dataplane.table;

import java.util.List;
import java.util.Optional;

/**
 * Follows the tables of one file and reads only what has changed since the last call. A change of a Service costs one entry of the log,
 * independent of the numbers of ports, peers and Services.
 *
 * <p>Thread: one. If the log has wrapped around since the last call, all addresses count as changed.
 */
public final class TablesFollower {
    private static final int ATTEMPTS = 1000;
    private static final long NEVER = -1;

    private final TablesReader reader;
    private final TablesFile file;
    private final ChangedAddresses changed = new ChangedAddresses();
    private final ChangedAddresses services = new ChangedAddresses();
    private final Part local = new Part(TablesFile.Root.LOCAL_NODE);
    private final Part ports = new Part(TablesFile.Root.PORTS);
    private final Part peers = new Part(TablesFile.Root.PEERS);
    private Optional<LocalNode> localNode = Optional.empty();
    private List<PortSpec> portList = List.of();
    private List<PeerSpec> peerList = List.of();
    private long logged = NEVER;

    /** The table of one root, with the number of changes last seen. */
    private final class Part {
        private final TablesFile.Root root;
        private long seen = NEVER;
        private boolean changed;

        Part(TablesFile.Root root) {
            this.root = root;
        }

        /** Call it before the table is read: a change that happens during the read then counts as not seen. */
        boolean isStale() {
            long count = file.changes(root);
            boolean stale = count != seen;
            seen = count;
            changed |= stale;
            return stale;
        }
    }

    /** @param reader its mapping must exist as long as this object is used */
    public TablesFollower(TablesReader reader) {
        this.reader = reader;
        file = reader.file();
    }

    /** The tables' generation now. If it differs from that of the last update, call {@link #next}. */
    public long generation() {
        return file.generation();
    }

    /**
     * Reads the changes. As with {@link TablesReader#snapshot}, some of them may belong to the next generation. The next update may report
     * these again, but no change is lost.
     *
     * @return at the first call, everything counts as changed
     */
    public TablesUpdate next() {
        changed.clear();
        services.clear();
        local.changed = false;
        ports.changed = false;
        peers.changed = false;
        long generation;
        int attempt = 0;
        do {
            generation = file.generation();
            readLog();
            readParts();
        } while (generation != file.generation() && ++attempt < ATTEMPTS);
        return new TablesUpdate(new TablesSnapshot(generation, localNode, portList, peerList), local.changed,
            ports.changed, peers.changed, changed, services);
    }

    private void readParts() {
        if (local.isStale()) {
            localNode = reader.localNow().or(() -> localNode); // empty if its block was reused; its successor follows
        }
        if (ports.isStale()) {
            portList = List.copyOf(reader.allPorts());
        }
        if (peers.isStale()) {
            peerList = List.copyOf(reader.allPeers());
        }
    }

    private void readLog() {
        long position = file.logPosition();
        boolean complete = logged != NEVER;
        for (long entry = logged; complete && entry < position; entry++) {
            long word = file.logEntry(entry);
            (TablesFile.isOfServices(word) ? services : changed).add(TablesFile.base(word), TablesFile.length(word));
        }
        // The writer may be writing the entry at the position, which replaces the one LOG_ENTRIES before it.
        if (!complete || file.logPosition() - logged >= TablesFile.LOG_ENTRIES) {
            changed.addEverything();
            services.addEverything();
        }
        logged = position;
    }
}
