package io.weft.controlplane.compiler;

import io.weft.controlplane.cni.PodNamespace;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only thread that changes records and tables. Sources and CNI requests pass it their changes; it compiles, writes the difference and
 * commits ({@link TableUpdates}).
 *
 * <p>No failure ends the loop. After any exception of any task it rebuilds everything from all objects at once, and counts, logs and
 * reports the failure. If a rebuild fails too, the tables stay as they are, {@link #fault} says so, and the loop tries again with each
 * change and after a pause that doubles from {@value TableUpdates#FIRST_RETRY_MILLIS} to {@value TableUpdates#LAST_RETRY_MILLIS} ms.
 */
public final class ControlLoop implements ClusterSource.Listener, PodTables, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlLoop.class);

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

    private final ScheduledThreadPoolExecutor executor;
    private final TableUpdates updates;
    private final Compilation compilation;
    private final TablesPublisher publisher;
    private final LoopHealth health;
    private final AttachmentStore store;
    /** Attachments allocated but not yet opened, or closed but not yet released: another thread creates or deletes their veth. */
    private final Set<AttachmentKey> moving = new HashSet<>();
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
        this.updates = new TableUpdates(factory, publisher, formerPeers, store, dataplane, failures, this::schedule,
            reportChanged);
        this.compilation = updates.compilation();
        this.health = updates.health();
        this.publisher = publisher;
        this.store = store;
        this.reportChanged = reportChanged;
        this.writes = new LoopWriteTarget(this::submit, updates, publisher, dataplane);
        executor = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name("control").daemon().factory());
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
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
        execute(() -> updates.apply(change));
    }

    @Override
    public void statusChanged() {
        execute(reportChanged);
    }

    /**
     * The objects of which the published tables are made.
     *
     * @return empty if they are of this revision, if nothing is published yet, or if the tables cannot be brought up to date
     */
    public Optional<Snapshot> objectsNewerThan(long revision) {
        return call(() -> !publisher.isPublished() || health.isStuck() || compilation.revision() <= revision
            ? Optional.empty()
            : Optional.of(compilation.objects()));
    }

    // -- pods --------------------------------------------------------------------------------------------------------

    @Override
    public Optional<IpPrefix> podCidr() {
        return call(() -> compilation.local().map(LocalNode::podCidr));
    }

    @Override
    public int offNodeMtu() {
        return call(() -> compilation.local().orElseThrow().offNodeMtu());
    }

    @Override
    public boolean areInUse() {
        return call(updates::areInUse);
    }

    @Override
    public long freeAddresses() {
        return call(store::freeAddresses);
    }

    @Override
    public Optional<Attachment> find(AttachmentKey key) {
        return call(() -> store.find(key));
    }

    @Override
    public List<Attachment> all() {
        return call(store::all);
    }

    @Override
    public Attachment allocate(AttachmentNames names, List<PortMapping> portMappings, int longestPacket)
        throws IOException, ExhaustedException, PortTakenException {
        Future<Attachment> given = executor.submit(() -> guardedCall(() -> {
            Attachment attachment = store.allocate(names, Math.min(compilation.podMtu(), longestPacket),
                portMappings);
            moving.add(names.key());
            return attachment;
        }));
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
            store.release(key);
            return moving.remove(key);
        });
    }

    private void record(Callable<?> change) throws IOException {
        try {
            executor.submit(() -> guardedCall(() -> {
                change.call();
                reportChanged.run();
                return null;
            })).get();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void openPort(Attachment attachment) {
        call(() -> {
            moving.remove(attachment.key());
            publisher.putPort(attachment);
            updates.commit(System.nanoTime());
            reportChanged.run();
            return null;
        });
    }

    @Override
    public void closePort(Attachment attachment) {
        call(() -> {
            moving.add(attachment.key());
            publisher.removePort(attachment.portId());
            updates.commit(System.nanoTime());
            reportChanged.run();
            return null;
        });
    }

    /**
     * Follows the node's devices. A pod's port is in the tables while its veth exists. When its namespace is gone too, its address is
     * released.
     *
     * @param devices names of the node's devices
     */
    public void followDevices(Set<String> devices) {
        execute(() -> {
            store.followDevices(devices);
            for (Attachment attachment : store.all()) {
                if (!moving.contains(attachment.key())) {
                    followGuarded(attachment, devices.contains(attachment.hostIfName()));
                }
            }
            updates.commit(System.nanoTime());
        });
    }

    /** Follows the addresses of the node's devices: Services do not get the ports of the node's own servers on them. */
    public void followAddresses(Set<IpAddress> addresses) {
        execute(() -> updates.setOwnAddresses(addresses));
    }

    private void followGuarded(Attachment attachment, boolean hasDevice) {
        try {
            follow(attachment, hasDevice);
        } catch (RuntimeException | Error e) {
            updates.recover(e); // and continue with the others
        }
    }

    private void follow(Attachment attachment, boolean hasDevice) {
        if (hasDevice) {
            publisher.putPort(attachment);
            return;
        }
        publisher.removePort(attachment.portId());
        if (!PodNamespace.exists(attachment.netns())) {
            LOG.info("{}: its namespace and device are gone; its address is free again", attachment.key());
            try {
                store.release(attachment.key());
            } catch (IOException e) {
                LOG.warn("{}: {}", attachment.key(), e.getMessage());
            }
        }
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
        return call(
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
        return call(() -> new OwnNode(compilation.local(), compilation.ownNode(), compilation.localProblem(),
            publisher.incarnation(), health.fault()));
    }

    @Override
    public void close() {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("the control loop has not stopped in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        publisher.close();
    }

    private void schedule(long delayMillis, Runnable task) {
        try {
            Future<?> _ = executor.schedule(() -> guarded(task), delayMillis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("stopping", e);
        }
    }

    private void execute(Runnable task) {
        try {
            executor.execute(() -> guarded(task));
        } catch (RejectedExecutionException e) {
            LOG.debug("stopping", e);
        }
    }

    // -- failures ----------------------------------------------------------------------------------------------------

    private void guarded(Runnable task) {
        health.begin();
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            updates.recover(e);
        } finally {
            health.end();
        }
    }

    /** Passes the failure to the caller too. A checked exception is an answer to the caller, not a failure of the loop. */
    private <T> T guardedCall(Callable<T> task) throws Exception {
        health.begin();
        try {
            return task.call();
        } catch (RuntimeException | Error e) {
            updates.recover(e);
            throw e;
        } finally {
            health.end();
        }
    }

    private <T> T call(Callable<T> task) {
        return submit(() -> {
            try {
                return task.call();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }).join();
    }

    private <T> CompletableFuture<T> submit(Supplier<T> task) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return guardedCall(task::get);
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }, executor);
    }
}
