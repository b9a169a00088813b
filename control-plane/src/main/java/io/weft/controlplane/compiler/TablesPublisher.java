package io.weft.controlplane.compiler;

import io.weft.controlplane.ipam.Attachment;
import io.weft.dataplane.log.LogLevel;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.StaticRoute;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesWriter;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.lb.table.TableFullException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables file of this control plane. It stores the intended contents, so that it can replace a full file by one of twice the size, and
 * a file whose writing failed by another, both complete. It publishes nothing before {@link #allowPublication}: until then an earlier
 * control plane's file stays in force. One thread.
 */
class TablesPublisher implements TableSink, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TablesPublisher.class);

    private final Path runDirectory;
    private final LongSupplier oldestInUse;
    private final Map<Integer, PortSpec> ports = new HashMap<>();
    private final DesiredTables desired = new DesiredTables();
    private final HostPorts hostPorts = new HostPorts();
    private LogLevel logLevel = LogLevel.INFO;
    private TablesSizing sizing;
    private TablesWriter writer;
    private boolean allowed;
    private boolean changed;
    /** Writing failed half way: the contents of the file are unknown. */
    private boolean broken;

    /** @param oldestInUse as for {@link TablesWriter#create} */
    TablesPublisher(Path runDirectory, TablesSizing sizing, LongSupplier oldestInUse) {
        this.runDirectory = runDirectory;
        this.sizing = sizing;
        this.oldestInUse = oldestInUse;
        this.writer = TablesWriter.create(runDirectory, sizing, oldestInUse);
    }

    /** From now on {@link #commit} publishes the tables to the dataplane. */
    void allowPublication() {
        allowed = true;
        changed = true;
    }

    boolean isPublished() { return allowed && desired.local().isPresent(); }

    /** What the tables contain of cluster objects, or will contain after the next {@link #commit}. */
    DesiredTables desired() {
        return desired;
    }

    long incarnation() {
        return writer.incarnation();
    }

    long generation() {
        return writer.generation();
    }

    long freeBytes() {
        return writer.freeBytes();
    }

    /**
     * Publishes the changes since the last call, in a new file if the last one could not be written.
     *
     * @return whether anything was published
     */
    boolean commit() {
        if (!isPublished() || !changed && !broken) { return false; }
        boolean renew = broken;
        broken = true;
        if (renew) {
            replaceFile();
        }
        writer.commit();
        changed = false;
        broken = false;
        return true;
    }

    @Override
    public void putLocal(LocalNode node) {
        desired.putLocal(node);
        write(tables -> tables.putLocal(node));
    }

    @Override
    public void putPeer(PeerSpec peer) {
        desired.putPeer(peer);
        write(tables -> tables.putPeer(peer));
    }

    @Override
    public void removePeer(int index) {
        desired.removePeer(index);
        write(tables -> tables.removePeer(index));
    }

    @Override
    public void putService(ServiceSpec service) {
        desired.putService(service);
        write(tables -> tables.services().put(service));
    }

    @Override
    public void removeService(ServiceKey key) {
        desired.removeService(key);
        write(tables -> hostPorts.find(key).ifPresentOrElse(tables.services()::put,
            () -> tables.services().remove(key)));
    }

    @Override
    public void putStaticRoute(StaticRoute route) {
        desired.putStaticRoute(route);
        write(tables -> tables.putStaticRoute(route));
    }

    @Override
    public void removeStaticRoute(IpPrefix prefix) {
        desired.removeStaticRoute(prefix);
        write(tables -> tables.removeStaticRoute(prefix));
    }

    /** The dataplane's. */
    void setLogLevel(LogLevel level) {
        if (level != logLevel) {
            logLevel = level;
            write(tables -> tables.logLevel(level));
        }
    }

    void putPort(Attachment attachment) {
        PortSpec port = new PortSpec(attachment.portId(), attachment.attachId(), attachment.hostIfName(),
            attachment.podIp(),
            attachment.podMac(), attachment.mtu());
        if (!port.equals(ports.put(port.id(), port))) {
            write(tables -> tables.putPort(port));
        }
        for (ServiceSpec frontend : hostPorts.put(attachment)) {
            if (!desired.hasService(frontend.key())) {
                write(tables -> tables.services().put(frontend));
            }
        }
    }

    /** hostPorts that are not served. */
    List<Problem> hostPortProblems() {
        return hostPorts.problems(desired::hasService);
    }

    void removePort(int id) {
        for (ServiceKey key : hostPorts.remove(id)) {
            if (!desired.hasService(key)) {
                write(tables -> tables.services().remove(key));
            }
        }
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
        if (broken) { return; } // the next commit writes everything
        broken = true;
        try {
            change.accept(writer);
        } catch (TableFullException e) {
            enlarge();
        }
        broken = false;
    }

    private void enlarge() {
        sizing = sizing.doubled();
        replaceFile();
    }

    /** Writes everything known to a new file, larger if necessary. */
    private void replaceFile() {
        while (true) {
            LOG.info("tables: continuing with a new file of {} MiB", sizing.bytes() >> 20);
            TablesWriter fresh = TablesWriter.create(runDirectory, sizing, oldestInUse);
            try {
                writeAll(fresh);
                writer.close();
                writer = fresh;
                return;
            } catch (TableFullException e) {
                fresh.close();
                sizing = sizing.doubled();
            } catch (RuntimeException | Error e) {
                fresh.close();
                throw e;
            }
        }
    }

    private void writeAll(TablesWriter tables) {
        desired.local().ifPresent(tables::putLocal);
        ports.values().forEach(tables::putPort);
        desired.peers().forEach(tables::putPeer);
        desired.staticRoutes().forEach(tables::putStaticRoute);
        tables.logLevel(logLevel);
        hostPorts.all().forEach(tables.services()::put);
        desired.services().forEach(tables.services()::put); // of two with one key, the Service's is used
    }
}
