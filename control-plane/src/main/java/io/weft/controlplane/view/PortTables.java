package io.weft.controlplane.view;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesReader;
import io.weft.encap.address.MacAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** {@code weft show ports} and {@code pods}: the dataplane's report about each port, and the pod to which the tables assign it. */
public final class PortTables {
    private PortTables() {
    }

    static Table ports(NodeFiles files) {
        CounterReader counters = files.requireCounters();
        Map<Integer, PortSpec> wanted = wanted(files);
        Table table = View.PORTS.newTable();
        for (PortStatus port : counters.ports()) {
            add(table, counters, port, spec(port, wanted), files.podNames());
        }
        return table;
    }

    /** The pods that are attached to this node, whether their ports are open or not. */
    static Table pods(NodeFiles files) {
        Map<Integer, PortStatus> reported = new HashMap<>();
        files.counters().map(CounterReader::ports).orElse(List.of()).forEach(port -> reported.put(port.id(), port));
        Table table = View.PODS.newTable();
        for (PortSpec spec : files.requireTables().snapshot().ports()) {
            Optional<PortStatus> port = Optional.ofNullable(reported.get(spec.id()))
                .filter(status -> status.attachId() == spec.attachId());
            String address = spec.podIp().toString();
            table.add(files.podNames().getOrDefault(address, ""), address, MacAddress.format(spec.podMac()), spec.id(),
                spec.ifName(), spec.mtu(), port.map(PortTables::state).orElse("unknown"),
                port.map(PortStatus::mode).orElse(""), port.map(PortStatus::reason).orElse(""));
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

    private static String state(PortStatus port) {
        return port.state().name().toLowerCase(Locale.ROOT);
    }

    private static Optional<PortSpec> spec(PortStatus port, Map<Integer, PortSpec> wanted) {
        return Optional.ofNullable(wanted.get(port.id())).filter(spec -> spec.attachId() == port.attachId());
    }

    private static void add(Table table, CounterReader counters, PortStatus port, Optional<PortSpec> spec,
        Map<String, String> podNames) {
        String address = spec.map(found -> found.podIp().toString()).orElse("");
        table.add(port.id(), port.name(), state(port), port.mode(), port.queues(),
            address,
            spec.map(found -> MacAddress.format(found.podMac())).orElse(""),
            podNames.getOrDefault(address, ""),
            counters.port(port.id(), PortCounter.RX_FRAMES), counters.port(port.id(), PortCounter.TX_FRAMES),
            counters.port(port.id(), PortCounter.RX_DROPPED) + counters.port(port.id(), PortCounter.TX_REFUSED),
            missed(port.id(), counters),
            port.reason());
    }

    /** Frames for which the kernel found no room in the port's rings: the worker was too slow. */
    static long missed(int port, CounterReader counters) {
        return counters.port(port, PortCounter.XDP_RX_DROPPED) + counters.port(port, PortCounter.XDP_RX_RING_FULL);
    }
}
