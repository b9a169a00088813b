package io.weft.controlplane.process;

import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.TablesException;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSnapshot;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an earlier control plane's tables tell this one, so that flows through tunnels continue after a restart. */
final class FormerTables {
    private static final Logger LOG = LoggerFactory.getLogger(FormerTables.class);

    private final Optional<TablesSnapshot> tables;

    private FormerTables(Optional<TablesSnapshot> tables) {
        this.tables = tables;
    }

    static FormerTables read(Path runDirectory) {
        try (TablesReader former = TablesReader.open(runDirectory)) {
            return new FormerTables(Optional.of(former.snapshot()));
        } catch (TablesException e) {
            return new FormerTables(Optional.empty());
        } catch (RuntimeException e) {
            LOG.warn("the earlier control plane's tables are damaged and are not used: {}", e.toString());
            return new FormerTables(Optional.empty());
        }
    }

    /** This node's Ethernet address in tunnels. */
    OptionalLong vtepMac() {
        return tables.flatMap(TablesSnapshot::local).map(LocalNode::vtepMac).map(OptionalLong::of)
            .orElse(OptionalLong.empty());
    }

    /** Peers with a valid index that no other peer has. */
    List<PeerSpec> peers() {
        Map<Integer, PeerSpec> byIndex = new LinkedHashMap<>();
        for (PeerSpec peer : tables.map(TablesSnapshot::peers).orElse(List.of())) {
            if (peer.index() >= 0 && peer.index() < PeerSpec.MAX_PEERS) {
                byIndex.putIfAbsent(peer.index(), peer);
            }
        }
        return List.copyOf(byIndex.values());
    }
}
