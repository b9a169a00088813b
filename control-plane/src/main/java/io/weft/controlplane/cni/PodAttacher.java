package io.weft.controlplane.cni;

import io.weft.controlplane.ipam.AddressPool;
import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentNames;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.ipam.AttachmentStore.ExhaustedException;
import io.weft.controlplane.ipam.AttachmentStore.PortTakenException;
import io.weft.controlplane.ipam.PortMapping;
import io.weft.controlplane.status.DataplaneView;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attaches pods to the node and detaches them: address, veth, port, in this order, and in reverse if one fails. One thread at a time works
 * on a container, because its interfaces share a namespace; different containers are handled concurrently.
 */
public final class PodAttacher {
    private static final Logger LOG = LoggerFactory.getLogger(PodAttacher.class);
    private static final int STRIPES = 64;
    private static final long POLL_MILLIS = 2;

    /**
     * The answer to ADD.
     *
     * @param routes in the pod's main table, if {@code hasMainRoutes}
     */
    record Attached(Attachment attachment, long hostMac, PodRoutes routes, boolean hasMainRoutes) {
    }

    private final PodTables tables;
    private final DataplaneView dataplane;
    private final int configuredWorkers;
    private final long gatewayMac;
    private final Duration patience;
    private final List<ReentrantLock> locks = IntStream.range(0, STRIPES).mapToObj(_ -> new ReentrantLock()).toList();

    /**
     * @param gatewayMac with which the dataplane answers for the pods' gateway
     * @param patience how long ADD waits for the dataplane to open the port
     */
    public PodAttacher(PodTables tables, DataplaneView dataplane, int configuredWorkers, long gatewayMac,
        Duration patience) {
        this.tables = tables;
        this.dataplane = dataplane;
        this.configuredWorkers = configuredWorkers;
        this.gatewayMac = gatewayMac;
        this.patience = patience;
    }

    /** Gives the same answer as before if the attachment exists in this namespace and is right; otherwise creates it again. */
    Attached attach(AttachmentNames names, List<PortMapping> portMappings, PodNamespace pod)
        throws CniException, IOException {
        AttachmentKey key = names.key();
        ReentrantLock lock = lock(key);
        lock.lock();
        try {
            PodRoutes routes = new PodRoutes(requirePodCidr(), tables.offNodeMtu());
            Optional<Attachment> former = tables.find(key);
            if (former.isPresent()) {
                Attachment here = former.get().named(names);
                if (here.portMappings().equals(portMappings)
                    && PodNetwork.difference(here, routes.gateway()).isEmpty()) {
                    return reopen(here, pod, routes);
                }
                remove(key);
            }
            return attachNew(names, portMappings, pod, routes);
        } finally {
            lock.unlock();
        }
    }

    /** Succeeds if there is nothing left to detach. */
    void detach(AttachmentKey key) throws IOException {
        ReentrantLock lock = lock(key);
        lock.lock();
        try {
            remove(key);
        } finally {
            lock.unlock();
        }
    }

    /**
     * @param netns as the runtime names it now; empty for the recorded path
     * @return what is wrong with an attachment, or empty
     */
    Optional<String> check(Attachment attachment, String netns) throws CniException {
        IpAddress gateway = AddressPool.gateway(requirePodCidr());
        ReentrantLock lock = lock(attachment.key());
        lock.lock();
        try {
            Optional<String> difference = PodNetwork.difference(netns.isEmpty()
                ? attachment
                : attachment.in(netns), gateway);
            if (difference.isPresent()) { return difference; }
        } finally {
            lock.unlock();
        }
        Optional<PortStatus> port = port(attachment);
        return port.isPresent() && port.get().state() == PortState.UP
            ? Optional.empty()
            : Optional.of("the dataplane has not opened " + attachment.hostIfName()
                + port.map(status -> ": " + status.reason()).orElse(""));
    }

    /**
     * Detaches what the runtime no longer knows: attachments of this network, and veths without a record that were never moved to a pod.
     * Continues after a failure.
     *
     * @throws CniException that names everything that failed
     */
    void keepOnly(String network, Set<AttachmentKey> valid) throws CniException {
        List<String> failures = new ArrayList<>();
        for (Attachment attachment : tables.all()) {
            AttachmentKey key = attachment.key();
            if (attachment.network().equals(network) && !key.isUnknown() && !valid.contains(key)) {
                LOG.info("GC: {} is no longer known to the runtime", key);
                attempt(failures, key.toString(), () -> detach(key));
            }
        }
        attempt(failures, "devices of no attachment", () -> deleteOrphans(failures));
        throwIfAny(failures);
    }

    /** Deletes veths without a record that were never moved to a pod. Errors as {@link #keepOnly}. */
    void deleteOrphans() throws CniException {
        List<String> failures = new ArrayList<>();
        attempt(failures, "devices of no attachment", () -> deleteOrphans(failures));
        throwIfAny(failures);
    }

    private static void throwIfAny(List<String> failures) throws CniException {
        if (!failures.isEmpty()) {
            throw new CniException(CniErrorCode.KERNEL_REFUSED, failures.size() + " could not be removed",
                String.join("; ", failures));
        }
    }

    /**
     * A veth that is up and whose peer is in another namespace may belong to a running pod whose record was lost, or to another network: it
     * stays, and disappears with its pod.
     */
    private void deleteOrphans(List<String> failures) {
        try (Rtnetlink node = Rtnetlink.open()) {
            for (Link link : node.links()) {
                boolean mayBeAPods = link.isUp() && link.peerNamespaceId() >= 0;
                if (link.kind().equals("veth") && AttachmentStore.isHostIfName(link.name()) && !mayBeAPods
                    && isOrphan(link.name())) {
                    LOG.info("GC: {} belongs to no attachment", link.name());
                    attempt(failures, link.name(), () -> node.deleteLink(link.index()));
                }
            }
        }
    }

    private static void attempt(List<String> failures, String subject, Attempts.Step step) {
        try {
            step.run();
        } catch (IOException | RuntimeException e) {
            LOG.warn("GC: {}: {}", subject, e.getMessage(), e);
            failures.add(subject + ": " + e.getMessage());
        }
    }

    private Attached attachNew(AttachmentNames names, List<PortMapping> portMappings, PodNamespace pod,
        PodRoutes routes) throws CniException, IOException {
        if (!dataplane.isAlive()) { throw new CniException(CniErrorCode.TRY_AGAIN, "Weft's dataplane is down"); }
        PortMappings.requireFree(portMappings);
        Attachment attachment = allocate(names, portMappings);
        try {
            PodNetwork.Created created = PodNetwork.create(attachment, pod.namespace(),
                dataplane.workers().orElse(configuredWorkers), routes, gatewayMac);
            tables.openPort(attachment);
            awaitUp(attachment);
            return new Attached(attachment, created.hostMac(), routes, created.hasMainRoutes());
        } catch (CniException | RuntimeException e) {
            undo(names.key(), e);
            throw e;
        }
    }

    /** A repeated ADD: the answer is the same as before, once the port is up. */
    private Attached reopen(Attachment attachment, PodNamespace pod, PodRoutes routes)
        throws CniException, IOException {
        if (!tables.all().contains(attachment)) {
            tables.adopt(attachment); // the runtime uses other names than the record
            PodNetwork.label(attachment);
        }
        tables.openPort(attachment);
        awaitUp(attachment);
        return new Attached(attachment, PodNetwork.hostEnd(attachment).map(Link::mac).orElse(0L), routes,
            PodNetwork.hasMainRoutes(attachment, pod.namespace(), routes.gateway()));
    }

    private Attachment allocate(AttachmentNames names, List<PortMapping> portMappings)
        throws CniException, IOException {
        try {
            return tables.allocate(names, portMappings, dataplane.longestPacket().orElse(Integer.MAX_VALUE));
        } catch (ExhaustedException e) {
            throw new CniException(CniErrorCode.TRY_AGAIN, e.getMessage());
        } catch (PortTakenException e) {
            throw new CniException(CniErrorCode.PORT_TAKEN, e.getMessage());
        }
    }

    private void awaitUp(Attachment attachment) throws CniException {
        long deadlineNanos = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() < deadlineNanos) {
            Optional<PortStatus> port = port(attachment);
            if (port.isPresent() && port.get().state() == PortState.UP) { return; }
            if (port.isPresent() && port.get().state() == PortState.FAILED) {
                throw new CniException(CniErrorCode.DATAPLANE_REFUSED,
                    "the dataplane could not open " + attachment.hostIfName(), port.get().reason());
            }
            pause();
        }
        throw new CniException(CniErrorCode.TRY_AGAIN,
            "the dataplane did not open " + attachment.hostIfName() + " within " + patience.toSeconds() + " s");
    }

    private Optional<PortStatus> port(Attachment attachment) {
        return dataplane.port(attachment.portId()).filter(port -> port.attachId() == attachment.attachId());
    }

    private void undo(AttachmentKey key, Exception cause) {
        try {
            remove(key);
        } catch (IOException | RuntimeException e) {
            cause.addSuppressed(e);
            LOG.warn("{}: could not undo everything; DEL or GC will: {}", key, e.getMessage(), e);
        }
    }

    /** Takes each step even if one before it failed; but the address is released only after the veth is gone. */
    private void remove(AttachmentKey key) throws IOException {
        Optional<Attachment> found = tables.find(key);
        if (found.isEmpty()) {
            PodNetwork.delete(AttachmentStore.hostIfName(key));
            return;
        }
        Attachment attachment = found.get();
        Attempts steps = new Attempts();
        steps.run(() -> tables.closePort(attachment));
        if (steps.run(() -> PodNetwork.delete(attachment))) {
            steps.run(() -> tables.release(key));
        }
        steps.rethrow();
    }

    private boolean isOrphan(String hostIfName) {
        return tables.all().stream().noneMatch(attachment -> attachment.hostIfName().equals(hostIfName));
    }

    private IpPrefix requirePodCidr() throws CniException {
        return tables.podCidr().orElseThrow(
            () -> new CniException(CniErrorCode.TRY_AGAIN, "this node's Node object or its podCIDR is not known yet"));
    }

    private ReentrantLock lock(AttachmentKey key) {
        return locks.get(Math.floorMod(key.containerId().hashCode(), STRIPES));
    }

    private static void pause() throws CniException {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CniException(CniErrorCode.TRY_AGAIN, "the control plane is stopping");
        }
    }
}
