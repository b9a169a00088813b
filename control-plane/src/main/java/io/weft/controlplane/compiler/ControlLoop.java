package io.weft.controlplane.compiler;

import io.weft.controlplane.cni.PodNamespace;
import io.weft.controlplane.cni.PodTables;
import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.ipam.AttachmentStore.ExhaustedException;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.status.DataplaneView;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.TablesSizing;
import io.weft.encap.address.Ipv4Prefix;
import java.io.IOException;
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
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that changes records and tables. Sources and CNI requests hand it their changes; it compiles, writes the
 * difference, commits, and watches until the workers use it.
 */
public final class ControlLoop implements ClusterSource.Listener, PodTables, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlLoop.class);
    private static final long OBSERVE_MS = 1;

    /** State of the loop for the status file. */
    public record Report(
        Optional<LocalNode> local, List<String> problems, long incarnation, long generation, boolean published,
        long freeBytes, int peers, int services, int attachments, long freeAddresses, List<String> attachmentNotes,
        UpdateLatency.Summary latency,
        Map<Integer, String> podNames) {
    }

    private final ScheduledThreadPoolExecutor executor;
    private final TableCompiler compiler;
    private final TablesPublisher publisher;
    private final AttachmentStore store;
    private final DataplaneView dataplane;
    private final UpdateLatency latency = new UpdateLatency();
    /** Given and not yet opened, or closed and not yet taken back: their veth comes and goes in another thread. */
    private final Set<AttachmentKey> moving = new HashSet<>();
    private final Runnable reportChanged;
    private boolean synced;
    private boolean observing;

    /**
     * @param oldestInUse the oldest generation of the tables any worker may still use
     * @param peerIndices of a former control plane's tables, by node name
     * @param reportChanged called on the loop's thread when {@link #report} would tell something new
     */
    public ControlLoop(NodeConfiguration configuration, NodeFacts facts, LongSupplier oldestInUse,
        Map<String, Integer> peerIndices, AttachmentStore store, DataplaneView dataplane, Runnable reportChanged) {
        this.publisher = new TablesPublisher(configuration.runDirectory(), TablesSizing.DEFAULT, oldestInUse);
        this.compiler = new TableCompiler(configuration, facts, publisher, peerIndices);
        this.store = store;
        this.dataplane = dataplane;
        this.reportChanged = reportChanged;
        executor = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name("control").daemon().factory());
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    // -- source ------------------------------------------------------------------------------------------------------

    @Override
    public void changed(ClusterChange change) {
        execute(() -> apply(change));
    }

    @Override
    public void statusChanged() {
        execute(reportChanged);
    }

    private void apply(ClusterChange change) {
        compiler.apply(change);
        if (!synced) {
            synced = true;
            compiler.synced();
            publisher.allowPublication();
        }
        compiler.local().ifPresent(local -> store.usePrefix(local.podCidr()));
        commit(change.arrivalNanos());
        reportChanged.run();
    }

    // -- pods --------------------------------------------------------------------------------------------------------

    @Override
    public Optional<Ipv4Prefix> podCidr() {
        return call(() -> compiler.local().map(LocalNode::podCidr));
    }

    @Override
    public int offNodeMtu() {
        return call(() -> compiler.local().orElseThrow().offNodeMtu());
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
    public Attachment give(AttachmentKey key, String network, String netns, int longestPacket)
        throws IOException, ExhaustedException {
        Future<Attachment> given = executor.submit(() -> {
            Attachment attachment = store.give(key, network, netns,
                Math.min(compiler.podMtu(), longestPacket));
            moving.add(key);
            return attachment;
        });
        try {
            return given.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case ExhaustedException nothingLeft -> throw nothingLeft;
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
    public void takeBack(AttachmentKey key) throws IOException {
        record(() -> {
            store.takeBack(key);
            return moving.remove(key);
        });
    }

    private void record(Callable<?> change) throws IOException {
        try {
            executor.submit(() -> {
                change.call();
                reportChanged.run();
                return null;
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
        call(() -> {
            moving.remove(attachment.key());
            publisher.putPort(attachment);
            commit(System.nanoTime());
            reportChanged.run();
            return null;
        });
    }

    @Override
    public void closePort(Attachment attachment) {
        call(() -> {
            moving.add(attachment.key());
            publisher.removePort(attachment.portId());
            commit(System.nanoTime());
            reportChanged.run();
            return null;
        });
    }

    /**
     * Follows the node's devices: a pod's port is in the tables while its veth is there; when its namespace is gone too,
     * its address is free again.
     *
     * @param devices names of the node's devices
     */
    public void followDevices(Set<String> devices) {
        execute(() -> {
            store.followDevices(devices);
            for (Attachment attachment : store.all()) {
                if (!moving.contains(attachment.key())) {
                    follow(attachment, devices.contains(attachment.hostIfName()));
                }
            }
            commit(System.nanoTime());
        });
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
                store.takeBack(attachment.key());
            } catch (IOException e) {
                LOG.warn("{}: {}", attachment.key(), e.getMessage());
            }
        }
    }

    // -- tables ------------------------------------------------------------------------------------------------------

    public Report report() {
        return call(
            () -> new Report(compiler.local(), compiler.problems(), publisher.incarnation(), publisher.generation(),
                publisher.isPublished(), publisher.freeBytes(), compiler.peerCount(), compiler.serviceCount(),
                store.all().size(),
                store.freeAddresses(), store.notes(), latency.summary(), compiler.localPodNames()));
    }

    @Override
    public void close() {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("the control loop does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        publisher.close();
    }

    private void commit(long arrivalNanos) {
        if (publisher.commit()) {
            latency.committed(arrivalNanos, publisher.generation());
            observe();
        }
    }

    private void observe() {
        latency.observe(generation -> dataplane.uses(publisher.incarnation(), generation));
        if (latency.isWaiting() && !observing && !executor.isShutdown()) {
            observing = true;
            Future<?> _ = executor.schedule(() -> guarded(() -> {
                observing = false;
                observe();
            }), OBSERVE_MS, TimeUnit.MILLISECONDS);
        }
    }

    private void execute(Runnable task) {
        try {
            executor.execute(() -> guarded(task));
        } catch (RejectedExecutionException e) {
            LOG.debug("stopping", e);
        }
    }

    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("control loop", e);
        }
    }

    private <T> T call(Callable<T> task) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return task.call();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }, executor).join();
    }
}
