package io.weft.controlplane.cni;

import io.weft.controlplane.FakeDataplane;
import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.AttachmentNames;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.ipam.AttachmentStore.ExhaustedException;
import io.weft.controlplane.ipam.AttachmentStore.PortTakenException;
import io.weft.controlplane.ipam.PortMapping;
import io.weft.dataplane.counters.PortState;
import io.weft.encap.address.IpPrefix;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stores records as the product does; the tables are a list, and a port gets the state that the test sets. */
final class TestTables implements PodTables {
    static final int MTU = 60_000;
    static final int OFF_NODE_MTU = 1450;

    final List<String> open = new ArrayList<>();
    /** Containers whose records cannot be written, as on a full disk. */
    final Set<String> unwritable = ConcurrentHashMap.newKeySet();
    volatile boolean closeFails;
    volatile PortState nextState = PortState.UP;
    volatile Optional<IpPrefix> podCidr;
    volatile boolean inUse = true;
    volatile String fault = "";
    private final AttachmentStore store;
    private final FakeDataplane dataplane;

    TestTables(AttachmentStore store, FakeDataplane dataplane, IpPrefix podCidr) {
        this.store = store;
        this.dataplane = dataplane;
        this.podCidr = Optional.of(podCidr);
        store.usePrefix(podCidr);
    }

    @Override
    public Optional<IpPrefix> podCidr() {
        return podCidr;
    }

    @Override
    public int offNodeMtu() {
        return OFF_NODE_MTU;
    }

    @Override
    public boolean areInUse() {
        return inUse;
    }

    @Override
    public String fault() {
        return fault;
    }

    @Override
    public synchronized long freeAddresses() {
        return store.freeAddresses();
    }

    @Override
    public synchronized Optional<Attachment> find(AttachmentKey key) {
        return store.find(key);
    }

    @Override
    public synchronized List<Attachment> all() {
        return store.all();
    }

    @Override
    public synchronized Attachment allocate(AttachmentNames names, List<PortMapping> portMappings, int longestPacket)
        throws IOException, ExhaustedException, PortTakenException {
        return store.allocate(names, Math.min(MTU, longestPacket), portMappings);
    }

    @Override
    public synchronized void adopt(Attachment attachment) throws IOException {
        try {
            store.adopt(attachment, "");
        } catch (ExhaustedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public synchronized void release(AttachmentKey key) throws IOException {
        if (unwritable.contains(key.containerId())) { throw new IOException("no space left on device"); }
        store.release(key);
    }

    @Override
    public synchronized void openPort(Attachment attachment) {
        open.add(attachment.hostIfName());
        dataplane.say(attachment.portId(), attachment.attachId(), attachment.hostIfName(), nextState,
            nextState == PortState.FAILED ? "no queue left" : "");
    }

    @Override
    public synchronized void closePort(Attachment attachment) {
        if (closeFails) { throw new IllegalStateException("the tables are closed"); }
        open.remove(attachment.hostIfName());
        dataplane.say(attachment.portId(), 0, "", PortState.GONE, "");
    }
}
