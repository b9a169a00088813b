package io.weft.controlplane.process;

import io.weft.controlplane.api.ApiResources;
import io.weft.controlplane.api.ApiServer;
import io.weft.controlplane.api.events.EventLog;
import io.weft.controlplane.api.events.NodeWatch;
import io.weft.controlplane.cni.AttachmentRecovery;
import io.weft.controlplane.cni.CniHandler;
import io.weft.controlplane.cni.CniServer;
import io.weft.controlplane.cni.PodAttacher;
import io.weft.controlplane.cni.Readiness;
import io.weft.controlplane.cni.install.CniFiles;
import io.weft.controlplane.cni.install.CniInstaller;
import io.weft.controlplane.compiler.ControlLoop;
import io.weft.controlplane.compiler.NodeFacts;
import io.weft.controlplane.compiler.VtepMac;
import io.weft.controlplane.flowlog.FlowRecordCollector;
import io.weft.controlplane.flowlog.FlowRecords;
import io.weft.controlplane.healthcheck.HealthCheckServer;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.journal.ClusterJournal;
import io.weft.controlplane.journal.JournalWriter;
import io.weft.controlplane.journal.JournaledSource;
import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.node.NodeApi;
import io.weft.controlplane.node.NodePublisher;
import io.weft.controlplane.operator.CounterSnapshots;
import io.weft.controlplane.operator.OperatorFile;
import io.weft.controlplane.operator.OperatorWrites;
import io.weft.controlplane.role.RoleLock;
import io.weft.controlplane.role.StartException;
import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.table.DataplaneEpochs;
import io.weft.encap.address.IpAddress;
import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import io.weft.nativebindings.linux.FileErrors;
import io.weft.nativebindings.linux.FileLock;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Route;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control plane of one node: a source of cluster objects, the loop that turns them into tables, and the CNI server. It runs in the
 * network namespace of the thread that starts it.
 */
public final class ControlPlane implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);
    private static final Duration ADD_PATIENCE = Duration.ofSeconds(10);

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    private ControlPlane() {
    }

    /** @throws StartException with one line; nothing is left running */
    public static ControlPlane start(NodeConfiguration configuration) {
        ControlPlane controlPlane = new ControlPlane();
        try {
            controlPlane.open(configuration);
            return controlPlane;
        } catch (IOException e) {
            controlPlane.close();
            throw new StartException("cannot read or write a file: " + FileErrors.describe(e));
        } catch (RuntimeException e) {
            controlPlane.close();
            throw e;
        }
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            try {
                parts.removeLast().close();
            } catch (Exception e) {
                LOG.warn("while stopping: {}", e.toString());
            }
        }
    }

    private void open(NodeConfiguration configuration) throws IOException {
        requireCapabilities();
        Path runDirectory = configuration.runDirectory();
        FileLock _ = part(RoleLock.take(runDirectory, RoleLock.CONTROL_PLANE));
        AttachmentStore store = part(
            AttachmentStore.open(configuration.stateDirectory(), configuration.nodeName(), PortId.COUNT));
        AttachmentRecovery.run(store);
        FormerTables former = FormerTables.read(runDirectory);
        Optional<KubernetesApi> api = ClusterSources.api(configuration);
        Optional<NodeApi> nodeApi = api.map(shared -> new NodeApi(shared, configuration.nodeName()));
        NodeFacts facts = facts(configuration, former, nodeApi);
        DataplaneView dataplane = part(new DataplaneView(runDirectory));
        Failures failures = new Failures();
        ClusterJournal journal = new ClusterJournal(configuration.stateDirectory(), configuration.nodeName());
        JournaledSource source = new JournaledSource(ClusterSources.open(configuration, api, failures), journal,
            dataplane::hasTables);
        StatusWriter status = new StatusWriter(configuration, source, failures);
        ControlLoop loop = part(new ControlLoop(configuration, facts, part(new DataplaneEpochs(runDirectory)),
            former.peers(), store, dataplane, failures, status::changed));
        part(new DeviceWatch(loop::followDevices, loop::followAddresses, failures)).start();
        HealthCheckServer healthChecks = part(new HealthCheckServer(
            () -> dataplane.isAlive() && loop.fault().isEmpty(), status::changed, failures));
        loop.passHealthChecksTo(healthChecks::update);
        Readiness readiness = new Readiness(loop, dataplane);
        Optional<CniInstaller> installer = configuration.cni().install()
            ? Optional.of(new CniInstaller(new CniFiles(configuration), readiness, status::changed))
            : Optional.empty();
        Optional<NodePublisher> publisher = nodeApi.map(
            node -> part(new NodePublisher(node, loop::ownNode, source::status, dataplane, failures)));
        OperatorWrites writes = new OperatorWrites(
            new OperatorFile(configuration.stateDirectory(), configuration.nodeName()), loop.writes(), status::changed);
        Optional<FlowRecords> flows = configuration.flowRecords().isOn() ? Optional.of(new FlowRecords())
            : Optional.empty();
        Optional<FlowRecordCollector> collector = flows.map(records -> part(new FlowRecordCollector(runDirectory,
            configuration.flowRecords(), records,
            () -> status.latest().map(ControlPlaneStatus::podNames).orElse(Map.of()), failures)));
        ApiServer rest = api(configuration, loop, writes, flows, status, dataplane, failures);
        part(status).start(loop, publisher, installer, () -> Stream.of(healthChecks.problems().stream(),
            rest.problems().stream(), writes.problem().stream(),
            collector.flatMap(FlowRecordCollector::problem).stream()).flatMap(problems -> problems).toList());
        part(new JournalWriter(journal, source, failures)).start(loop::objectsNewerThan);
        part(source).start(loop);
        publisher.ifPresent(NodePublisher::start);
        PodAttacher attacher = new PodAttacher(loop, dataplane, configuration.workers(), facts.vtepMac(),
            ADD_PATIENCE);
        part(new CniServer(configuration.cni().socket(), new CniHandler(attacher, loop, readiness), failures)).start();
        installer.ifPresent(started -> part(started).start());
        collector.ifPresent(FlowRecordCollector::start);
        rest.start();
        LOG.info("control plane of {}: {}, CNI on {}", configuration.nodeName(), source.status().name(),
            configuration.cni().socket());
    }

    /** The REST API; not started yet. */
    private ApiServer api(NodeConfiguration configuration, ControlLoop loop, OperatorWrites writes,
        Optional<FlowRecords> flows, StatusWriter status, DataplaneView dataplane, Failures failures) {
        EventLog events = new EventLog();
        part(new NodeWatch(status::latest, dataplane, events, failures)).start();
        return part(new ApiServer(configuration.api(), ApiResources.of(new ApiResources.Sources(
            configuration.runDirectory(), loop::fault, status::latest, loop::latency, events, writes,
            new CounterSnapshots(configuration.stateDirectory(), configuration.runDirectory()), flows)),
            status::changed,
            failures));
    }

    /** CAP_SYS_ADMIN is for setns(2) into the pods' namespaces. */
    private static void requireCapabilities() {
        List<Capability> missing = Capabilities.missing(Capability.CAP_NET_ADMIN, Capability.CAP_SYS_ADMIN);
        if (!missing.isEmpty()) {
            throw new StartException(
                "the control plane needs the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN to create"
                    + " the pods' devices; missing: " + missing + ". Run it as root, or grant them");
        }
    }

    private static NodeFacts facts(NodeConfiguration configuration, FormerTables former, Optional<NodeApi> nodeApi)
        throws IOException {
        String uplink = configuration.requireUplink();
        long vtepMac = VtepMac.keep(configuration.stateDirectory(), configuration.nodeName(), former.vtepMac(),
            () -> nodeApi.map(NodeApi::publishedVtepMac).orElse(OptionalLong.empty()));
        try (Rtnetlink rtnetlink = Rtnetlink.open()) {
            Link link = rtnetlink.link(uplink).orElseThrow(
                () -> new StartException(
                    "uplink: this machine has no device " + uplink + "; `ip link` lists its devices"));
            Optional<IpAddress> address = rtnetlink.addresses(link.index()).stream()
                .filter(candidate -> candidate.scope() == Route.RT_SCOPE_UNIVERSE)
                .map(candidate -> IpAddress.ipv4(candidate.ip()))
                .findFirst();
            return new NodeFacts(link.mtu(), address, vtepMac);
        }
    }

    private <T extends AutoCloseable> T part(T part) {
        parts.addLast(part);
        return part;
    }
}
