package io.weft.controlplane.compiler;

import io.weft.controlplane.cni.PodNamespace;
import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentNames;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.ipam.AttachmentStore.ExhaustedException;
import io.weft.controlplane.ipam.AttachmentStore.PortTakenException;
import io.weft.controlplane.ipam.PortMapping;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of this node's pods and their ports in the tables, from ADD to DEL. A pod's port is in the tables while its veth exists. Thread:
 * the control loop.
 */
final class PodRecords {
    private static final Logger LOG = LoggerFactory.getLogger(PodRecords.class);

    private final AttachmentStore store;
    private final TablesPublisher publisher;
    private final TableUpdates updates;
    /** Attachments allocated but not yet opened, or closed but not yet released: another thread creates or deletes their veth. */
    private final Set<AttachmentKey> moving = new HashSet<>();

    PodRecords(AttachmentStore store, TablesPublisher publisher, TableUpdates updates) {
        this.store = store;
        this.publisher = publisher;
        this.updates = updates;
    }

    Attachment allocate(AttachmentNames names, List<PortMapping> portMappings, int longestPacket)
        throws IOException, ExhaustedException, PortTakenException {
        Attachment attachment = store.allocate(names, Math.min(updates.compilation().podMtu(), longestPacket),
            portMappings);
        moving.add(names.key());
        return attachment;
    }

    void release(AttachmentKey key) throws IOException {
        store.release(key);
        moving.remove(key);
    }

    void openPort(Attachment attachment) {
        moving.remove(attachment.key());
        publisher.putPort(attachment);
        updates.commit(System.nanoTime());
    }

    void closePort(Attachment attachment) {
        moving.add(attachment.key());
        publisher.removePort(attachment.portId());
        updates.commit(System.nanoTime());
    }

    /** When a pod's device and namespace are gone, its address is released. */
    void followDevices(Set<String> devices) {
        store.followDevices(devices);
        for (Attachment attachment : store.all()) {
            if (!moving.contains(attachment.key())) {
                followGuarded(attachment, devices.contains(attachment.hostIfName()));
            }
        }
        updates.commit(System.nanoTime());
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
}
