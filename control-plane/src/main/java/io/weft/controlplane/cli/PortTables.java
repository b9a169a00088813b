package io.weft.controlplane.cli;

import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesReader;
import io.weft.encap.address.MacAddress;
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
        Map<Integer, PortSpec> wanted = new TreeMap<>();
        files.tables().map(TablesReader::snapshot)
            .ifPresent(tables -> tables.ports().forEach(port -> wanted.put(port.id(), port)));
        Table table = new Table("port", "name", "state", "mode", "queues", "address", "mac", "pod", "rxFrames",
            "txFrames", "drops", "missed", "reason");
        for (PortStatus port : counters.ports()) {
            PortSpec spec = wanted.get(port.id());
            boolean same = spec != null && spec.attachId() == port.attachId();
            add(table, counters, port, same ? Optional.of(spec) : Optional.empty(), files.controlPlane());
        }
        return table;
    }

    private static void add(Table table, CounterReader counters, PortStatus port, Optional<PortSpec> spec,
        Optional<ControlPlaneStatus> controlPlane) {
        String address = spec.map(found -> found.podIp().toString()).orElse("");
        table.add(port.id(), port.name(), port.state().name().toLowerCase(Locale.ROOT), port.mode(), port.queues(),
            address,
            spec.map(found -> MacAddress.format(found.podMac())).orElse(""),
            controlPlane.map(status -> status.podNames().getOrDefault(address, "")).orElse(""),
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
