package io.weft.controlplane.compiler;

import io.weft.controlplane.ipam.Attachment;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesWriter;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.lb.table.TableFullException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables file of this control plane. Remembers what it wrote, so that a file that is full is replaced by one of twice
 * the size, with everything in it. Nothing is published before {@link #allowPublication}: until then a former control
 * plane's file stays in force. One thread.
 */
final class TablesPublisher implements TableSink, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TablesPublisher.class);

    private final Path runDirectory;
    private final LongSupplier oldestInUse;
    private final Map<Integer, PortSpec> ports = new HashMap<>();
    private final Map<Integer, PeerSpec> peers = new HashMap<>();
    private final Map<ServiceKey, ServiceSpec> services = new HashMap<>();
    private LocalNode local;
    private TablesSizing sizing;
    private TablesWriter writer;
    private boolean allowed;
    private boolean changed;

    /** @param oldestInUse as for {@link TablesWriter#create} */
    TablesPublisher(Path runDirectory, TablesSizing sizing, LongSupplier oldestInUse) {
        this.runDirectory = runDirectory;
        this.sizing = sizing;
        this.oldestInUse = oldestInUse;
        this.writer = TablesWriter.create(runDirectory, sizing, oldestInUse);
    }

    /** From now on {@link #commit} lets the dataplane see the tables. */
    void allowPublication() {
        allowed = true;
        changed = true;
    }

    boolean isPublished() { return allowed && local != null; }

    long incarnation() {
        return writer.incarnation();
    }

    long generation() {
        return writer.generation();
    }

    long freeBytes() {
        return writer.freeBytes();
    }

    /** @return whether anything was published */
    boolean commit() {
        if (!changed || !isPublished()) { return false; }
        writer.commit();
        changed = false;
        return true;
    }

    @Override
    public void putLocal(LocalNode node) {
        local = node;
        write(tables -> tables.putLocal(node));
    }

    @Override
    public void putPeer(PeerSpec peer) {
        peers.put(peer.index(), peer);
        write(tables -> tables.putPeer(peer));
    }

    @Override
    public void removePeer(int index) {
        peers.remove(index);
        write(tables -> tables.removePeer(index));
    }

    @Override
    public void putService(ServiceSpec service) {
        services.put(service.key(), service);
        write(tables -> tables.services().put(service));
    }

    @Override
    public void removeService(ServiceKey key) {
        services.remove(key);
        write(tables -> tables.services().remove(key));
    }

    void putPort(Attachment attachment) {
        PortSpec port = new PortSpec(attachment.portId(), attachment.attachId(), attachment.hostIfName(),
            attachment.podIp(),
            attachment.podMac(), attachment.mtu());
        if (!port.equals(ports.put(port.id(), port))) {
            write(tables -> tables.putPort(port));
        }
    }

    void removePort(int id) {
        if (ports.remove(id) != null) {
            write(tables -> tables.removePort(id));
        }
    }

    @Override
    public void close() {
        writer.close();
    }

    private void write(Consumer<TablesWriter> change) {
        changed = true;
        try {
            change.accept(writer);
        } catch (TableFullException e) {
            enlarge();
        }
    }

    /** Everything known, this change included, into a new file. */
    private void enlarge() {
        while (true) {
            sizing = sizing.doubled();
            LOG.info("tables: full, going on with {} MiB", sizing.bytes() >> 20);
            TablesWriter larger = TablesWriter.create(runDirectory, sizing, oldestInUse);
            try {
                writeAll(larger);
                writer.close();
                writer = larger;
                return;
            } catch (TableFullException e) {
                larger.close();
            }
        }
    }

    private void writeAll(TablesWriter tables) {
        if (local != null) {
            tables.putLocal(local);
        }
        ports.values().forEach(tables::putPort);
        peers.values().forEach(tables::putPeer);
        services.values().forEach(tables.services()::put);
    }
}
