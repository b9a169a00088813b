package io.weft.vmlab;

import io.weft.dataplane.table.TablesReader;
import io.weft.vmlab.kubernetes.ClusterNode;
import io.weft.vmlab.kubernetes.WeftNetwork;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What the tables of a Weft node say about the cluster; nodes that know the same say the same, except that none is its own peer.
 *
 * @param services the backends of each port of a Service
 * @param peers addresses of the other nodes
 */
record WeftTables(Map<String, Set<String>> services, Set<String> peers) {
    static WeftTables of(ClusterNode node) {
        Map<String, Set<String>> services = new TreeMap<>();
        try (TablesReader tables = TablesReader.open(((WeftNetwork) node.network()).runDirectory())) {
            tables.services().forEach(service -> services.put(service.name() + " " + service.key(),
                service.backends().stream().map(backend -> backend.ip() + ":" + backend.port())
                    .collect(Collectors.toCollection(TreeSet::new))));
            Set<String> peers = tables.snapshot().peers().stream().map(Object::toString)
                .collect(Collectors.toCollection(TreeSet::new));
            return new WeftTables(services, peers);
        }
    }

    /** The backends of a Service whose only port has no name. */
    Set<String> backends(String namespaceAndName) {
        return services.entrySet().stream().filter(service -> service.getKey().startsWith(namespaceAndName + " "))
            .flatMap(service -> service.getValue().stream()).collect(Collectors.toCollection(TreeSet::new));
    }
}
