package io.weft.dataplane.table;

import java.util.List;
import java.util.Optional;

/**
 * Follows the tables of one file: what has not changed since the last look is not read again. A change of a Service costs one entry of the log,
 * whatever the numbers of ports, peers and Services.
 *
 * <p>Thread: one. A reader that looks so seldom that the log went round meanwhile is told that all addresses have changed.
 */
public final class TablesFollower {
    private static final int ATTEMPTS = 1000;
    private static final long NEVER = -1;

    private final TablesReader reader;
    private final TablesFile file;
    private final ChangedAddresses changed = new ChangedAddresses();
    private final Part local = new Part(TablesFile.Root.LOCAL_NODE);
    private final Part ports = new Part(TablesFile.Root.PORTS);
    private final Part peers = new Part(TablesFile.Root.PEERS);
    private Optional<LocalNode> localNode = Optional.empty();
    private List<PortSpec> portList = List.of();
    private List<PeerSpec> peerList = List.of();
    private long logged = NEVER;

    /** What hangs at a root, by the number of its changes. */
    private final class Part {
        private final TablesFile.Root root;
        private long seen = NEVER;
        private boolean changed;

        Part(TablesFile.Root root) {
            this.root = root;
        }

        /** Before it is read: a change that comes while it is being read counts as not seen. */
        boolean isStale() {
            long count = file.changes(root);
            boolean stale = count != seen;
            seen = count;
            changed |= stale;
            return stale;
        }
    }

    /** @param reader whose mapping has to stay as long as this is used */
    public TablesFollower(TablesReader reader) {
        this.reader = reader;
        file = reader.file();
    }

    /** Of the tables now: other than that of the last update, then it is time for the next. */
    public long generation() {
        return file.generation();
    }

    /**
     * Brings itself up to date. As with {@link TablesReader#snapshot} not all need belong to the update's generation; what is of the next comes
     * again as changed or not at all, but nothing is left out.
     *
     * @return everything as changed at the first call
     */
    public TablesUpdate next() {
        changed.clear();
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
            ports.changed, peers.changed, changed);
    }

    private void readParts() {
        if (local.isStale()) {
            localNode = reader.localNow().or(() -> localNode); // a block that is used for something else by now: another comes
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
            changed.add((int) word, (int) (word >>> 32) & 0x3F);
        }
        // The entry at the position may be being written: it is in the place of the one that was written so many before.
        if (!complete || file.logPosition() - logged >= TablesFile.LOG_ENTRIES) {
            changed.addEverything();
        }
        logged = position;
    }
}
