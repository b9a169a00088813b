package io.weft.controlplane.compiler;

import io.weft.controlplane.cni.PodTables;
import io.weft.controlplane.healthcheck.HealthCheckNodePort;
import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentNames;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.ipam.AttachmentStore.ExhaustedException;
import io.weft.controlplane.ipam.AttachmentStore.PortTakenException;
import io.weft.controlplane.ipam.PortMapping;
import io.weft.controlplane.journal.Snapshot;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.WriteTarget;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.TablesSizing;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * The only thread that changes records and tables. Sources and CNI requests pass it their changes; it compiles, writes the difference and
 * commits ({@link TableUpdates}).
 *
 * <p>No failure ends the loop. After any exception of any task it rebuilds everything from all objects at once, and counts, logs and
 * reports the failure. If a rebuild fails too, the tables stay as they are, {@link #fault} says so, and the loop tries again with each
 * change and after a pause that doubles from {@value TableUpdates#FIRST_RETRY_MILLIS} to {@value TableUpdates#LAST_RETRY_MILLIS} ms.
 */
public final class ControlLoop implements ClusterSource.Listener, PodTables, AutoCloseable {
    /**
     * State of the loop for the status file.
     *
     * @param fault why the cluster is not followed; empty while it is
     * @param operatorUses what each of the operators' writes does, by its title
     */
    public record Report(
        Optional<LocalNode> local, List<Problem> problems, long incarnation, long generation, boolean published,
        long freeBytes, int peers, int services, int attachments, long freeAddresses, List<String> attachmentNotes,
        UpdateLatency.Summary latency, Map<IpAddress, String> podNames, String fault, OperatorState operator,
        Map<String, String> operatorUses) {
    }

    private final LoopTasks tasks;
    private final TableUpdates updates;
    private final Compilation compilation;
    private final TablesPublisher publisher;
    private final LoopHealth health;
    private final AttachmentStore store;
    private final PodRecords pods;
    private final Runnable reportChanged;
    private final WriteTarget writes;

    /**
     * @param oldestInUse the oldest generation of the tables that any worker may still use
     * @param formerPeers peers of an earlier control plane's tables
     * @param failures counts unexpected failures
     * @param reportChanged called on the loop's thread when {@link #report} has changed
     */
    public ControlLoop(NodeConfiguration configuration, NodeFacts facts, LongSupplier oldestInUse,
        Collection<PeerSpec> formerPeers, AttachmentStore store, DataplaneView dataplane, Failures failures,
        Runnable reportChanged) {
        this(TableCompiler.Factory.of(configuration, facts),
            new TablesPublisher(configuration.runDirectory(), TablesSizing.DEFAULT, oldestInUse), formerPeers, store,
            dataplane, failures, reportChanged);
    }

    ControlLoop(TableCompiler.Factory factory, TablesPublisher publisher, Collection<PeerSpec> formerPeers,
        AttachmentStore store, DataplaneView dataplane, Failures failures, Runnable reportChanged) {
        this.updates = new TableUpdates(factory, publisher, formerPeers, store, dataplane, failures,
            (delay, task) -> tasks().schedule(delay, task), reportChanged);
        this.compilation = updates.compilation();
        this.health = updates.health();
        this.publisher = publisher;
        this.store = store;
        this.reportChanged = reportChanged;
        this.pods = new PodRecords(store, publisher, updates);
        this.tasks = new LoopTasks(health, updates::recover);
        this.writes = new LoopWriteTarget(tasks::submit, updates, publisher, dataplane);
    }

    /** Nothing is scheduled before the constructor has ended. */
    private LoopTasks tasks() {
        return tasks;
    }

    /**
     * Before any change arrives.
     *
     * @param listener receives what health check ports tell, on the loop's thread, whenever that has changed and the tables are published
     */
    public void passHealthChecksTo(Consumer<Collection<HealthCheckNodePort>> listener) {
        updates.passHealthChecksTo(listener);
    }

    // -- source ------------------------------------------------------------------------------------------------------

    @Override
    public void changed(ClusterChange change) {
        tasks.execute(() -> updates.apply(change));
    }

    @Override
    public void statusChanged() {
        tasks.execute(reportChanged);
    }

    /**
     * The objects of which the published tables are made.
     *
     * @return empty if they are of this revision, if nothing is published yet, or if the tables cannot be brought up to date
     */
    public Optional<Snapshot> objectsNewerThan(long revision) {
        return tasks.call(() -> !publisher.isPublished() || health.isStuck() || compilation.revision() <= revision
            ? Optional.empty()
            : Optional.of(compilation.objects()));
    }

    // -- pods --------------------------------------------------------------------------------------------------------

    @Override
    public Optional<IpPrefix> podCidr() {
        return tasks.call(() -> compilation.local().map(LocalNode::podCidr));
    }

    @Override
    public int offNodeMtu() {
        return tasks.call(() -> compilation.local().orElseThrow().offNodeMtu());
    }

    @Override
    public boolean areInUse() {
        return tasks.call(updates::areInUse);
    }

    @Override
    public long freeAddresses() {
        return tasks.call(store::freeAddresses);
    }

    @Override
    public Optional<Attachment> find(AttachmentKey key) {
        return tasks.call(() -> store.find(key));
    }

    @Override
    public List<Attachment> all() {
        return tasks.call(store::all);
    }

    @Override
    public Attachment allocate(AttachmentNames names, List<PortMapping> portMappings, int longestPacket)
        throws IOException, ExhaustedException, PortTakenException {
        Future<Attachment> given = tasks.answer(() -> pods.allocate(names, portMappings, longestPacket));
        try {
            return given.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case ExhaustedException nothingLeft -> throw nothingLeft;
                case PortTakenException taken -> throw taken;
                default -> throw new IllegalStateException(e.getCause());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void adopt(Attachment attachment) throws IOException {
        record(() -> store.adopt(attachment, ""));
    }

    @Override
    public void release(AttachmentKey key) throws IOException {
        record(() -> {
            pods.release(key);
            return key;
        });
    }

    private void record(Callable<?> change) throws IOException {
        try {
            tasks.answer(() -> {
                Object _ = change.call();
                reportChanged.run();
                return change;
            }).get();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void openPort(Attachment attachment) {
        move(() -> pods.openPort(attachment));
    }

    @Override
    public void closePort(Attachment attachment) {
        move(() -> pods.closePort(attachment));
    }

    private void move(Runnable change) {
        Object _ = tasks.call(() -> {
            change.run();
            reportChanged.run();
            return change;
        });
    }

    /**
     * Follows the node's devices. A pod's port is in the tables while its veth exists. When its namespace is gone too, its address is
     * released.
     *
     * @param devices names of the node's devices
     */
    public void followDevices(Set<String> devices) {
        tasks.execute(() -> pods.followDevices(devices));
    }

    /** Follows the addresses of the node's devices: Services do not get the ports of the node's own servers on them. */
    public void followAddresses(Set<IpAddress> addresses) {
        tasks.execute(() -> updates.setOwnAddresses(addresses));
    }

    // -- tables ------------------------------------------------------------------------------------------------------

    /** Where operators' writes go. */
    public WriteTarget writes() {
        return writes;
    }

    @Override
    public String fault() {
        return health.fault();
    }

    /** From the arrival of changes until every worker used them, in microseconds; a copy. Any thread; does not wait for the loop. */
    public Histogram latency() {
        return updates.latencyHistogram();
    }

    public Report report() {
        return tasks.call(
            () -> new Report(compilation.local(), problems(), publisher.incarnation(),
                publisher.generation(), publisher.isPublished(), publisher.freeBytes(), compilation.peerCount(),
                compilation.serviceCount(), store.all().size(), store.freeAddresses(), store.notes(), updates.latency(),
                podNames(), health.fault(), compilation.operator(), compilation.operatorUses()));
    }

    private List<Problem> problems() {
        return Stream.concat(compilation.problems().stream(), publisher.hostPortProblems().stream()).toList();
    }

    /** From the Pod objects; the runtime's ADD, which comes before them, counts where both name an address. */
    private Map<IpAddress, String> podNames() {
        Map<IpAddress, String> names = new HashMap<>(compilation.localPodNames());
        store.all().stream().filter(attachment -> !attachment.podName().isEmpty())
            .forEach(attachment -> names.put(attachment.podIp(), attachment.podName()));
        return Map.copyOf(names);
    }

    /** This node alone; costs little. */
    public OwnNode ownNode() {
        return tasks.call(() -> new OwnNode(compilation.local(), compilation.ownNode(), compilation.localProblem(),
            publisher.incarnation(), health.fault()));
    }

    @Override
    public void close() {
        tasks.close();
        publisher.close();
    }
}
