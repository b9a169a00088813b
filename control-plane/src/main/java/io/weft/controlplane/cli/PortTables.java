package io.weft.controlplane.cli;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesReader;
import io.weft.encap.address.MacAddress;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** {@code weft show ports}: the dataplane's report about each port, and the pod to which the tables assign it. */
final class PortTables {
    private PortTables() {
    }

    static Table ports(NodeFiles files) {
        CounterReader counters = files.requireCounters();
        Map<Integer, PortSpec> wanted = wanted(files);
        Table table = new Table("port", "name", "state", "mode", "queues", "address", "mac", "pod", "rxFrames",
            "txFrames", "drops", "missed", "reason");
        for (PortStatus port : counters.ports()) {
            add(table, counters, port, spec(port, wanted), files.podNames());
        }
        return table;
    }

    /** Of open ports by id: the pod, otherwise the device. */
    static Map<Integer, String> namesOf(NodeFiles files) {
        Map<Integer, PortSpec> wanted = wanted(files);
        Map<Integer, String> names = new HashMap<>();
        for (PortStatus port : files.requireCounters().ports()) {
            names.put(port.id(), spec(port, wanted)
                .map(spec -> files.podNames().get(spec.podIp().toString())).orElse(port.name()));
        }
        return names;
    }

    private static Map<Integer, PortSpec> wanted(NodeFiles files) {
        Map<Integer, PortSpec> wanted = new TreeMap<>();
        files.tables().map(TablesReader::snapshot)
            .ifPresent(tables -> tables.ports().forEach(port -> wanted.put(port.id(), port)));
        return wanted;
    }

    private static Optional<PortSpec> spec(PortStatus port, Map<Integer, PortSpec> wanted) {
        return Optional.ofNullable(wanted.get(port.id())).filter(spec -> spec.attachId() == port.attachId());
    }

    private static void add(Table table, CounterReader counters, PortStatus port, Optional<PortSpec> spec,
        Map<String, String> podNames) {
        String address = spec.map(found -> found.podIp().toString()).orElse("");
        table.add(port.id(), port.name(), port.state().name().toLowerCase(Locale.ROOT), port.mode(), port.queues(),
            address,
            spec.map(found -> MacAddress.format(found.podMac())).orElse(""),
            podNames.getOrDefault(address, ""),
            counters.port(port.id(), PortCounter.RX_FRAMES), counters.port(port.id(), PortCounter.TX_FRAMES),
            counters.port(port.id(), PortCounter.RX_DROPPED) + counters.port(port.id(), PortCounter.TX_REFUSED),
            missed(port.id(), counters),
            port.reason());
    }

    /** Frames for which the kernel found no room in the port's rings: the worker was too slow. */
    private static long missed(int port, CounterReader counters) {
        return counters.port(port, PortCounter.XDP_RX_DROPPED) + counters.port(port, PortCounter.XDP_RX_RING_FULL);
    }
}
