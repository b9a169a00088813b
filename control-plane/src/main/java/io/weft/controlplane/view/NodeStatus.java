package io.weft.controlplane.view;

import io.weft.controlplane.role.RoleLock;
import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.status.UplinkFrontends;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.ConductorText;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSnapshot;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The contents of {@code weft status}, collected from the run directory. Numbers are -1 where the value is unknown. */
public record NodeStatus(String node, Dataplane dataplane, Control controlPlane, Tables tables) {
    private static final long ALIVE_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final int TOP_DROPS = 5;
    /** The status file is written every five seconds. */
    private static final long SILENT_MILLIS = TimeUnit.SECONDS.toMillis(20);
    private static final ControlPlaneStatus.Health HEALTHY = new ControlPlaneStatus.Health("", 0, 0, "");

    /**
     * @param longestPacket bytes that ports carry; 0 while unknown
     * @param fault one line; empty if there is no fault
     * @param frontends why clients outside do not reach all Services; empty if they do
     */
    public record Dataplane(
        boolean running, long pid, int workers, String uplink, String uplinkMode, String uplinkReason, long uplinkMtu,
        long longestPacket,
        int portsUp, int portsFailed, int portsOpening, long flows, long flowCapacity, Map<String, Long> frames,
        Map<String, Long> topDrops, long appliedGeneration, String fault, String frontends) {
    }

    /**
     * @param stale why the tables may be out of date; empty if they are not
     * @param nodeObject whether this node's Node is kept up to date; null where the source is not the Kubernetes API
     * @param cni null without {@code cni.install}
     * @param operator what operators have written
     */
    public record Control(
        boolean running, long pid, String source, String stale, long staleSinceMillis, List<String> errors,
        List<String> problems, ControlPlaneStatus.Health health, ControlPlaneStatus.Publication nodeObject,
        String podCidr, int addressesGiven, long addressesFree, List<String> addressNotes,
        ControlPlaneStatus.Latency updateLatency, ControlPlaneStatus.CniInstallation cni,
        List<ControlPlaneStatus.Write> operator) {
    }

    public record Tables(boolean present, long generation, int ports, int peers, int services, int podMtu,
        int offNodeMtu) {
    }

    public static NodeStatus read(Path runDirectory) {
        try (NodeFiles files = new NodeFiles(runDirectory)) {
            Tables tables = files.tables().map(NodeStatus::tables).orElse(new Tables(false, -1, -1, -1, -1, -1, -1));
            return new NodeStatus(node(files), dataplane(files), control(runDirectory, files), tables);
        }
    }

    private static String node(NodeFiles files) {
        return files.tables().flatMap(tables -> Optional.ofNullable(tables.local())).map(local -> local.name())
            .or(() -> files.controlPlane().map(ControlPlaneStatus::nodeName))
            .orElse("");
    }

    private static Tables tables(TablesReader reader) {
        TablesSnapshot snapshot = reader.snapshot();
        int[] services = new int[1];
        reader.services().forEach(_ -> services[0]++);
        return new Tables(true, snapshot.generation(), snapshot.ports().size(), snapshot.peers().size(), services[0],
            snapshot.local().map(LocalNode::podMtu).orElse(-1), snapshot.local().map(LocalNode::offNodeMtu).orElse(-1));
    }

    private static Dataplane dataplane(NodeFiles files) {
        if (files.counters().isEmpty()) {
            return new Dataplane(false, -1, 0, "", "", "", -1, 0, 0, 0, 0, -1, -1, Map.of(), Map.of(), -1, "",
                "");
        }
        CounterReader counters = files.counters().get();
        boolean running = System.nanoTime() - counters.gauge(ConductorGauge.HEARTBEAT) < ALIVE_NANOS;
        List<PortStatus> ports = counters.ports();
        return new Dataplane(running, counters.pid(), counters.workers(), counters.text(ConductorText.UPLINK_NAME),
            counters.text(ConductorText.UPLINK_MODE), counters.text(ConductorText.UPLINK_REASON),
            counters.gauge(ConductorGauge.UPLINK_MTU), counters.gauge(ConductorGauge.LONGEST_PACKET),
            count(ports, PortState.UP), count(ports, PortState.FAILED),
            count(ports, PortState.OPENING), counters.gauge(ConductorGauge.FLOWS),
            counters.gauge(ConductorGauge.FLOW_CAPACITY),
            frames(counters), topDrops(counters), counters.gauge(ConductorGauge.APPLIED_GENERATION),
            counters.text(ConductorText.FAULT), UplinkFrontends.problem(counters));
    }

    private static int count(List<PortStatus> ports, PortState state) {
        return (int) ports.stream().filter(port -> port.state() == state).count();
    }

    private static Map<String, Long> frames(CounterReader counters) {
        Map<String, Long> frames = new LinkedHashMap<>();
        for (FrameTotal total : List.of(FrameTotal.RECEIVED, FrameTotal.ORIGINATED, FrameTotal.SENT, FrameTotal.PUNTED,
            FrameTotal.DROPPED)) {
            frames.put(total.label(), counters.total(total));
        }
        return frames;
    }

    private static Map<String, Long> topDrops(CounterReader counters) {
        Map<String, Long> drops = new LinkedHashMap<>();
        CounterTables.drops(counters).entrySet().stream()
            .filter(drop -> drop.getValue() != 0)
            .limit(TOP_DROPS)
            .forEach(drop -> drops.put(drop.getKey(), drop.getValue()));
        return drops;
    }

    private static Control control(Path runDirectory, NodeFiles files) {
        Optional<Long> pid = RoleLock.holder(runDirectory, RoleLock.CONTROL_PLANE);
        ControlPlaneStatus.Latency none = new ControlPlaneStatus.Latency(0, 0, 0, 0, 0);
        return files.controlPlane()
            .map(status -> new Control(pid.isPresent(), pid.orElse(-1L), status.source().name(),
                stale(status, pid.isPresent()), staleSince(status, pid.isPresent()), status.source().errors(),
                status.problems(), health(status), status.publication(), status.addresses().podCidr(),
                status.addresses().given(), status.addresses().free(), status.addresses().notes(),
                status.updateLatency(), status.cni(), status.operator() == null ? List.of() : status.operator()))
            .orElseGet(() -> new Control(pid.isPresent(), pid.orElse(-1L), "", "", 0, List.of(), List.of(), HEALTHY,
                null, "", 0, 0, List.of(), none, null, List.of()));
    }

    private static ControlPlaneStatus.Health health(ControlPlaneStatus status) {
        return status.health() == null ? HEALTHY : status.health();
    }

    private static String stale(ControlPlaneStatus status, boolean running) {
        if (!running) { return "the control plane is down"; }
        if (isSilent(status)) { return "the control plane no longer writes its status"; }
        if (!health(status).fault().isEmpty()) { return health(status).fault(); }
        return status.source().staleReason().isEmpty() && !status.source().synced()
            ? "not all of it has been read yet"
            : status.source().staleReason();
    }

    private static long staleSince(ControlPlaneStatus status, boolean running) {
        if (!running || isSilent(status)) { return status.updatedMillis(); }
        if (!health(status).fault().isEmpty()) { return health(status).lastFailureMillis(); }
        return status.source().staleSinceMillis() == 0 && !status.source().synced()
            ? status.startedMillis()
            : status.source().staleSinceMillis();
    }

    private static boolean isSilent(ControlPlaneStatus status) {
        return System.currentTimeMillis() - status.updatedMillis() > SILENT_MILLIS;
    }
}
