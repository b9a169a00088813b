package io.weft.controlplane.api;

import io.weft.controlplane.Await;
import io.weft.controlplane.FakeDataplane;
import io.weft.controlplane.api.events.EventLog;
import io.weft.controlplane.api.events.NodeWatch;
import io.weft.controlplane.api.http.HttpLimits;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.flowlog.FlowRecords;
import io.weft.controlplane.operator.CounterSnapshots;
import io.weft.controlplane.operator.OperatorFile;
import io.weft.controlplane.operator.OperatorWrites;
import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.Failures;
import io.weft.controlplane.status.StatusFile;
import io.weft.controlplane.view.FlowNames;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.flowlog.FlowEndReason;
import io.weft.dataplane.flowlog.FlowLogRecord;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.StaticRoute;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesWriter;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowRecord;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;

/** The API of a node whose files a test has written: real listeners, tables, counters and flows, but no control loop and no worker. */
public final class ApiNode implements AutoCloseable {
    public static final long FLOW_INCARNATION = 0x42;
    private static final int CLIENT = IpAddress.of("10.244.1.5").toInt();
    private static final int VIP = IpAddress.of("10.96.0.10").toInt();
    private static final int BACKEND = IpAddress.of("10.244.2.7").toInt();

    public final Path run;
    public final AtomicReference<String> fault = new AtomicReference<>("");
    public final AtomicReference<ControlPlaneStatus> status = new AtomicReference<>();
    public final Histogram latency = new Histogram(3);
    /** Served if the settings have {@code flows.records}. */
    public final FlowRecords flowRecords = new FlowRecords();
    public final FakeWriteTarget target = new FakeWriteTarget(fault::get);
    public final ApiServer server;
    public final List<Resource> resources;
    private final Path directory;
    private final DataplaneView view;
    private final NodeWatch watch;
    private FakeDataplane dataplane;

    public ApiNode(Path directory, Map<String, String> settings) throws IOException {
        this(directory, settings, List.of(), HttpLimits.DEFAULT);
    }

    /** @param more resources besides those of the API */
    public ApiNode(Path directory, Map<String, String> settings, List<Resource> more, HttpLimits limits)
        throws IOException {
        this.directory = directory;
        run = Files.createDirectories(directory.resolve("run"));
        Map<String, String> all = new HashMap<>(Map.of("nodeName", "n1", "runDirectory", run.toString(),
            "stateDirectory", directory.resolve("state").toString(), "api.listen", "127.0.0.1:0"));
        all.putAll(settings);
        view = new DataplaneView(run);
        EventLog events = new EventLog();
        watch = new NodeWatch(() -> Optional.ofNullable(status.get()), view, events, new Failures());
        watch.start();
        List<Resource> served = new ArrayList<>(ApiResources.of(new ApiResources.Sources(run, fault::get,
            () -> Optional.ofNullable(status.get()), () -> latency, events,
            new OperatorWrites(new OperatorFile(state(), "n1"), target, () -> {}),
            new CounterSnapshots(state(), run),
            Optional.of(flowRecords).filter(_ -> all.containsKey("flows.records")))));
        resources = List.copyOf(served);
        served.addAll(more);
        server = new ApiServer(NodeConfiguration.of(all).api(), served, limits, () -> {}, new Failures());
        server.start();
        Await.until("the local socket", server::isLocalOpen, () -> server.problems().toString());
    }

    /** The state directory. */
    public Path state() {
        return directory.resolve("state");
    }

    public Path socket() {
        return run.resolve("api.sock");
    }

    public int port() {
        Await.until("the TCP port", () -> server.port().isPresent(), () -> server.problems().toString());
        return server.port().orElseThrow();
    }

    /** From the token file, which the server has created. */
    public String token(String role) throws IOException {
        port();
        return Files.readAllLines(directory.resolve("state").resolve("api-tokens")).stream()
            .filter(line -> line.startsWith(role + " ")).findFirst().orElseThrow().substring(role.length() + 1);
    }

    public FakeDataplane dataplane() {
        return dataplane;
    }

    /** Everything that a node with one pod, one peer, one Service and three flows has. */
    public ApiNode withContents() throws IOException {
        writeTables();
        writeFlows();
        status.set(status("", List.of()));
        StatusFile.write(run, status.get());
        dataplane = new FakeDataplane(run);
        dataplane.say(1, 0, "uplink0", PortState.UP, "the driver has no zero-copy");
        dataplane.say(2, 77, "weft0123456789a", PortState.UP, "");
        dataplane.drop(2, DropReason.TTL_EXPIRED);
        dataplane.use(incarnation(), 1);
        latency.recordValue(1_500);
        flowRecords.add(new FlowLogRecord(FlowEndReason.RST, 1, 2, new FlowRecord(6, CLIENT, 40_000, VIP, 80, CLIENT,
            40_000, BACKEND, 8080, FlowState.CLOSE, FlowEntry.SERVICE, 0, 2, 0, 5, 600), 4, 4000),
            new FlowNames(Map.of("10.244.1.5", "default/web-0"), Map.of()));
        return this;
    }

    public ControlPlaneStatus status(String stale, List<String> problems) {
        return new ControlPlaneStatus(ProcessHandle.current().pid(), "n1", 1, System.currentTimeMillis(),
            new ControlPlaneStatus.Source("manifests", true, stale.isEmpty() ? 0 : 1, stale, List.of()), problems,
            new ControlPlaneStatus.Tables(incarnation(), 1, true, 1000, 1, 1),
            new ControlPlaneStatus.Addresses("10.244.1.0/24", 1, 252, List.of()),
            new ControlPlaneStatus.Latency(1, 1500, 1500, 1500, 1500), Map.of("weft.io/node", "true"),
            Map.of("10.244.1.5", "default/web-0"), new ControlPlaneStatus.Health("", 0, 0, ""), null, null,
            List.of(new ControlPlaneStatus.Write("pause default/web", "while it is repaired", 1, "in use")));
    }

    private long incarnation() {
        try (TablesReader tables = TablesReader.open(run)) {
            return tables.incarnation();
        }
    }

    private void writeTables() {
        try (TablesWriter tables = TablesWriter.create(run, new TablesSizing(1 << 20), () -> Long.MAX_VALUE)) {
            tables.putLocal(new LocalNode("n1", IpAddress.of("192.0.2.1"), IpPrefix.of("10.244.1.0/24"),
                IpPrefix.of("10.244.0.0/16"), IpPrefix.of("10.96.0.0/16"), 1, new Overlay(Encapsulation.VXLAN, 1, 8472),
                1450, 1450, true, 61000, 65535));
            tables.putPort(
                new PortSpec(2, 77, "weft0123456789a", IpAddress.of("10.244.1.5"), 0x02_00_00_00_00_05L, 1450));
            tables.putPeer(
                new PeerSpec(0, "n2", IpAddress.of("192.0.2.2"), 2, IpPrefix.of("10.244.2.0/24"), List.of(), true));
            tables.services().put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(VIP), 80, 6), "default/web",
                List.of(Backend.ready(IpAddress.ipv4(BACKEND), 8080))));
            tables.putStaticRoute(StaticRoute.via(IpPrefix.of("198.51.100.0/24"), IpAddress.of("192.0.2.9")));
            tables.commit();
        }
    }

    /** Two connections to the Service and one UDP flow past it. */
    private void writeFlows() {
        long size = FlowTable.sizeFor(1024);
        try (MappedMemory memory = MappedMemory.createFile(run.resolve("flows"), size)) {
            FlowTable table = FlowTable.create(memory.address(), size, 1024, FLOW_INCARNATION);
            insert(table, VIP, 40_000, 80, 6, true);
            insert(table, VIP, 40_001, 80, 6, true);
            insert(table, BACKEND, 5353, 53, 17, false);
        }
    }

    private static void insert(FlowTable table, int destination, int port, int destinationPort, int protocol,
        boolean service) {
        long k0 = FlowKey.k0(CLIENT, destination);
        long k1 = FlowKey.k1(port, destinationPort, protocol);
        FlowTemplate template = new FlowTemplate().reset(k0, k1, protocol == 6 ? FlowState.ESTABLISHED
            : FlowState.UDP_UNREPLIED, 1);
        if (service) {
            template.newDst = BACKEND;
            template.newDport = 8080;
        }
        if (table.insertPair(FlowHash.hash(k0, k1), k0, k1, template) < 0) {
            throw new IllegalStateException("no flow");
        }
    }

    @Override
    public void close() {
        server.close();
        watch.close();
        view.close();
        if (dataplane != null) {
            dataplane.close();
        }
    }
}
