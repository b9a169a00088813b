package io.weft.controlplane.cni;

import io.weft.controlplane.ipam.AddressPool;
import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.ipam.AttachmentStore.ExhaustedException;
import io.weft.controlplane.status.DataplaneView;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.encap.address.Ipv4Prefix;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attaches pods to the node and detaches them: address, veth, port, in this order, and backwards when one fails. One
 * attachment is worked on by one thread at a time; different ones at once.
 */
public final class PodAttacher {
    private static final Logger LOG = LoggerFactory.getLogger(PodAttacher.class);
    private static final int STRIPES = 64;
    private static final long POLL_MS = 2;

    /** What ADD answers. */
    record Attached(Attachment attachment, long hostMac, PodRoutes routes) {
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

    Attached attach(AttachmentKey key, String network, Path netns) throws CniException, IOException {
        ReentrantLock lock = lock(key);
        lock.lock();
        try {
            PodRoutes routes = new PodRoutes(requirePodCidr(), tables.offNodeMtu());
            Optional<Attachment> former = tables.find(key);
            if (former.isPresent()) {
                if (isIntact(former.get(), netns, routes)) { return reopen(former.get(), routes); }
                remove(key);
            }
            return attachNew(key, network, netns, routes);
        } finally {
            lock.unlock();
        }
    }

    /** Succeeds when there is nothing left to detach. */
    void detach(AttachmentKey key) throws IOException {
        ReentrantLock lock = lock(key);
        lock.lock();
        try {
            remove(key);
        } finally {
            lock.unlock();
        }
    }

    /** @return what is wrong with an attachment, or empty */
    Optional<String> check(Attachment attachment) throws CniException {
        Optional<String> difference = PodNetwork.difference(attachment, AddressPool.gateway(requirePodCidr()));
        if (difference.isPresent()) { return difference; }
        Optional<PortStatus> port = port(attachment);
        return port.isPresent() && port.get().state() == PortState.UP
            ? Optional.empty()
            : Optional.of("the dataplane has not opened " + attachment.hostIfName()
                + port.map(status -> ": " + status.reason()).orElse(""));
    }

    /** Detaches what the runtime no longer knows: attachments of this network, and veths nobody has a record of. */
    void keepOnly(String network, Set<AttachmentKey> valid) throws IOException {
        for (Attachment attachment : tables.all()) {
            if (attachment.network().equals(network) && !valid.contains(attachment.key())) {
                LOG.info("GC: {} is not known to the runtime any more", attachment.key());
                detach(attachment.key());
            }
        }
        Set<String> known = new HashSet<>();
        valid.forEach(key -> known.add(AttachmentStore.hostIfName(key)));
        try (Rtnetlink node = Rtnetlink.open()) {
            for (Link link : node.links()) {
                if (AttachmentStore.isHostIfName(link.name()) && !known.contains(link.name())
                    && isOrphan(link.name())) {
                    LOG.info("GC: {} belongs to no attachment", link.name());
                    node.deleteLink(link.index());
                }
            }
        }
    }

    private Attached attachNew(AttachmentKey key, String network, Path netns, PodRoutes routes)
        throws CniException, IOException {
        if (!dataplane.isAlive()) { throw new CniException(CniErrorCode.TRY_AGAIN, "Weft's dataplane is away"); }
        Attachment attachment = give(key, network, netns);
        boolean done = false;
        try {
            long hostMac = PodNetwork.create(attachment, dataplane.workers().orElse(configuredWorkers), routes,
                gatewayMac);
            tables.openPort(attachment);
            awaitUp(attachment);
            done = true;
            return new Attached(attachment, hostMac, routes);
        } finally {
            if (!done) {
                undo(key);
            }
        }
    }

    /** An ADD repeated: the answer is the same as before, once the port is up. */
    private Attached reopen(Attachment attachment, PodRoutes routes) throws CniException {
        tables.openPort(attachment);
        awaitUp(attachment);
        return new Attached(attachment, PodNetwork.hostEnd(attachment).map(Link::mac).orElse(0L), routes);
    }

    private Attachment give(AttachmentKey key, String network, Path netns) throws CniException, IOException {
        try {
            return tables.give(key, network, netns.toString(), dataplane.longestPacket().orElse(Integer.MAX_VALUE));
        } catch (ExhaustedException e) {
            throw new CniException(CniErrorCode.TRY_AGAIN, e.getMessage());
        }
    }

    private boolean isIntact(Attachment attachment, Path netns, PodRoutes routes) {
        return attachment.netns().equals(netns.toString())
            && PodNetwork.difference(attachment, routes.gateway()).isEmpty();
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

    private void undo(AttachmentKey key) {
        try {
            remove(key);
        } catch (IOException | LinuxException e) {
            LOG.warn("{}: could not be undone, DEL or GC will: {}", key, e.getMessage());
        }
    }

    /** The address is free only after the veth is gone. */
    private void remove(AttachmentKey key) throws IOException {
        Optional<Attachment> attachment = tables.find(key);
        attachment.ifPresent(tables::closePort);
        if (attachment.isEmpty()) {
            PodNetwork.delete(AttachmentStore.hostIfName(key));
        } else {
            PodNetwork.delete(attachment.get());
            tables.takeBack(key);
        }
    }

    private boolean isOrphan(String hostIfName) {
        return tables.all().stream().noneMatch(attachment -> attachment.hostIfName().equals(hostIfName));
    }

    private Ipv4Prefix requirePodCidr() throws CniException {
        return tables.podCidr().orElseThrow(
            () -> new CniException(CniErrorCode.TRY_AGAIN, "this node's Node object or its podCIDR is not known yet"));
    }

    private ReentrantLock lock(AttachmentKey key) {
        return locks.get(Math.floorMod(key.hashCode(), STRIPES));
    }

    private static void pause() throws CniException {
        try {
            Thread.sleep(POLL_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CniException(CniErrorCode.TRY_AGAIN, "the control plane is stopping");
        }
    }
}
