package io.weft.controlplane.view;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.lb.flow.FlowRecord;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What {@code weft top} compares: a dataplane's counters and its flows to Services at one moment.
 *
 * @param nanos {@code System.nanoTime} of the moment
 * @param pid of the dataplane
 * @param incarnation another one after a restart: then nothing can be compared
 * @param flowEntries in use, two per flow
 * @param flowsOver flows that have ended since the start
 * @param services by {@code namespace/name}; empty if there are too many flows to follow
 */
public record NodeActivity(long nanos, long pid, long incarnation, long flowEntries, long flowCapacity, long flowsOver,
    Map<FrameTotal, Long> totals, List<Worker> workers, List<Port> ports, Map<String, Long> drops,
    Map<String, Service> services) {
    /** Beyond this many entries flows are not followed one by one. */
    private static final int MAX_FOLLOWED_ENTRIES = 400_000;

    /** Frames and batches since the start. */
    public record Worker(int index, long received, long batches) {
    }

    /**
     * An open port, with what it has counted.
     *
     * @param pod {@code namespace/name}, or empty
     * @param drops of frames that came from it
     * @param missed frames for which the kernel found no room in its rings
     */
    public record Port(int id, String device, String pod, long rxFrames, long rxBytes, long txFrames, long txBytes,
        long drops, long missed) {
    }

    /**
     * The flows to a Service.
     *
     * @param clients what identifies each flow
     */
    public record Service(Set<Client> clients, long packets) {
    }

    /** The client's side of a flow. */
    public record Client(int protocol, int address, int port, int frontend, int frontendPort) {
    }

    /** @throws UnavailableException one line, if there are no counters */
    public static NodeActivity read(NodeFiles files) {
        CounterReader counters = files.requireCounters();
        Map<FrameTotal, Long> totals = new EnumMap<>(FrameTotal.class);
        for (FrameTotal total : FrameTotal.values()) {
            totals.put(total, counters.total(total));
        }
        List<Worker> workers = new ArrayList<>();
        for (int worker = 0; worker < counters.gauge(ConductorGauge.WORKERS); worker++) {
            workers.add(new Worker(worker, counters.total(worker, FrameTotal.RECEIVED),
                counters.total(worker, FrameTotal.BATCHES)));
        }
        return new NodeActivity(System.nanoTime(), counters.pid(), counters.incarnation(),
            counters.gauge(ConductorGauge.FLOWS), counters.gauge(ConductorGauge.FLOW_CAPACITY),
            counters.gauge(ConductorGauge.FLOWS_EXPIRED) + counters.gauge(ConductorGauge.FLOWS_ENDED)
                + counters.gauge(ConductorGauge.FLOWS_REPLACED),
            totals, workers, ports(files, counters), CounterTables.drops(counters), services(files, counters));
    }

    private static List<Port> ports(NodeFiles files, CounterReader counters) {
        Map<Integer, String> names = PortTables.namesOf(files);
        List<Port> ports = new ArrayList<>();
        for (PortStatus port : counters.ports()) {
            if (port.state() == PortState.UP) {
                long drops = 0;
                for (int reason = 0; reason < counters.dropLabels().size(); reason++) {
                    drops += counters.portDrop(port.id(), reason);
                }
                String pod = names.getOrDefault(port.id(), "");
                ports.add(new Port(port.id(), port.name(), pod.equals(port.name()) ? "" : pod,
                    counters.port(port.id(), PortCounter.RX_FRAMES), counters.port(port.id(), PortCounter.RX_BYTES),
                    counters.port(port.id(), PortCounter.TX_FRAMES), counters.port(port.id(), PortCounter.TX_BYTES),
                    drops, PortTables.missed(port.id(), counters)));
            }
        }
        return ports;
    }

    private static Map<String, Service> services(NodeFiles files, CounterReader counters) {
        if (counters.gauge(ConductorGauge.FLOWS) > MAX_FOLLOWED_ENTRIES) { return Map.of(); }
        FlowNames names = new FlowNames(files);
        Map<String, Set<Client>> clients = new HashMap<>();
        Map<String, Long> packets = new HashMap<>();
        files.requireFlows().forEach(flow -> {
            String service = names.service(flow);
            if (!service.isEmpty()) {
                packets.merge(service, flow.packets(), Long::sum);
                if (!flow.isReverse()) {
                    clients.computeIfAbsent(service, name -> new HashSet<>()).add(client(flow));
                }
            }
        });
        Map<String, Service> services = new HashMap<>();
        clients.forEach((name, set) -> services.put(name, new Service(set, packets.get(name))));
        return services;
    }

    private static Client client(FlowRecord flow) {
        return new Client(flow.protocol(), flow.source(), flow.sourcePort(), flow.destination(),
            flow.destinationPort());
    }
}
