package io.weft.dataplane.table;

import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.log.LogLevel;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.service.ServiceTable;
import io.weft.lb.table.PublishedMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * Reads the tables. The lookups of {@link ForwardingTables} are for workers: wait-free, without allocation. The other methods are for the
 * conductor and the command line and allocate.
 *
 * <p>Threads: any. A lookup that finds an offset outside the file finds nothing. The local node is that of the time when the instance was
 * created; {@link #isCurrent} shows whether a {@link #renewed} instance is needed.
 */
public final class TablesReader implements ForwardingTables, AutoCloseable {
    private static final int ATTEMPTS = 1000;
    private static final long NO_ROUTE = Route.of(Route.NONE, 0);

    private final TablesFile file;
    private final PublishedMap.Reader routes;
    private final PublishedMap.Reader ports;
    private final PublishedMap.Reader peers;
    private final PublishedMap.Reader endpoints;
    private final ServiceTable services;
    private final long localChanges;
    private final LocalNode local;

    private TablesReader(TablesFile file) {
        this.file = file;
        routes = map(TablesFile.Root.ROUTES);
        ports = map(TablesFile.Root.PORTS);
        peers = map(TablesFile.Root.PEERS);
        endpoints = map(TablesFile.Root.ENDPOINTS);
        services = new ServiceTable(file.address(), file.size(),
            file.rootAt(TablesFile.Root.SERVICES) - file.address());
        localChanges = file.changes(TablesFile.Root.LOCAL_NODE);
        long localOffset = file.localNode();
        local = localOffset == 0 ? null : decode(localOffset, TableBlocks.LOCAL_NODE_BYTES, TableBlocks::localNode);
    }

    /** @throws TablesException if there is no complete tables file of this layout */
    public static TablesReader open(Path runDirectory) {
        return new TablesReader(TablesFile.openReadOnly(path(runDirectory)));
    }

    /** The tables file. A file with another inode is from another writer. */
    public static Path path(Path runDirectory) {
        return runDirectory.resolve(TablesFile.NAME);
    }

    /** False once the writer has changed the local node. */
    public boolean isCurrent() {
        return localChanges == file.changes(TablesFile.Root.LOCAL_NODE);
    }

    /** Another instance for the same mapping, with the current local node. {@link #close} of any of them ends the mapping. */
    public TablesReader renewed() {
        return new TablesReader(file);
    }

    public long incarnation() {
        return file.incarnation();
    }

    /** Size of the file, which is fixed when it is created. */
    public long bytes() {
        return file.size();
    }

    /** Acquire: later lookups see at least everything committed with this generation. */
    @Override
    public long generation() {
        return file.generation();
    }

    @Override
    public long route4(int address) {
        long lengths = file.routeLengths();
        while (lengths != 0) {
            int length = Long.SIZE - 1 - Long.numberOfLeadingZeros(lengths);
            long route = routes.get(RouteTable.key(address & Ipv4Address.mask(length), length));
            if (route != PublishedMap.MISSING) { return route; }
            lengths &= ~(1L << length);
        }
        return NO_ROUTE;
    }

    @Override
    public int peerByEndpoint(int address) {
        return (int) endpoints.get(address);
    }

    /** @return null while the control plane does not know its node yet */
    @Override
    public LocalNode local() {
        return local;
    }

    @Override
    public ServiceTable services() {
        return services;
    }

    @Override
    public TablesReader forWorker() {
        return renewed();
    }

    /** The operator's static routes that are in force, sorted by prefix. */
    public List<StaticRoute> staticRoutes() {
        List<StaticRoute> all = new ArrayList<>();
        routes.forEach((key, word) -> {
            StaticRoute route = StaticRoute.of(
                IpPrefix.containing(IpAddress.ipv4((int) key), (int) (key >>> 32) & 0x3F), word);
            if (route != null) {
                all.add(route);
            }
        });
        all.sort(Comparator.comparing((StaticRoute route) -> route.prefix().base())
            .thenComparingInt(route -> route.prefix().length()));
        return all;
    }

    /** The least severe messages that the dataplane shall log. */
    public LogLevel logLevel() {
        return LogLevel.of(file.logLevel());
    }

    public Optional<PortSpec> port(int id) {
        long offset = ports.get(id);
        return offset < 0 ? Optional.empty()
            : Optional.ofNullable(decode(offset, TableBlocks.PORT_BYTES, TableBlocks::port));
    }

    public Optional<PeerSpec> peer(int index) {
        long offset = peers.get(index);
        return offset < 0 ? Optional.empty()
            : Optional.ofNullable(decode(offset, TableBlocks.PEER_BYTES, TableBlocks::peer));
    }

    /**
     * Everything except the services, of one generation; read again if a commit happens meanwhile. Some of it may belong to the next
     * generation, if the writer is preparing one.
     */
    public TablesSnapshot snapshot() {
        TablesSnapshot snapshot = read();
        for (int attempt = 0; attempt < ATTEMPTS && snapshot.generation() != generation(); attempt++) {
            snapshot = read();
        }
        return snapshot;
    }

    /** Unmaps the file, also for all instances created from this one. */
    @Override
    public void close() {
        file.close();
    }

    private TablesSnapshot read() {
        return new TablesSnapshot(generation(), localNow(), allPorts(), allPeers());
    }

    /** The local node that the file has now. */
    Optional<LocalNode> localNow() {
        return Optional.ofNullable(renewed().local);
    }

    /** All ports, sorted by id. */
    List<PortSpec> allPorts() {
        List<PortSpec> all = decodeAll(ports, TableBlocks.PORT_BYTES, TableBlocks::port);
        all.sort(Comparator.comparingInt(PortSpec::id));
        return all;
    }

    /** All peers, sorted by index. */
    List<PeerSpec> allPeers() {
        List<PeerSpec> all = decodeAll(peers, TableBlocks.PEER_BYTES, TableBlocks::peer);
        all.sort(Comparator.comparingInt(PeerSpec::index));
        return all;
    }

    TablesFile file() {
        return file;
    }

    private <T> List<T> decodeAll(PublishedMap.Reader blocks, int bytes, LongFunction<T> decoder) {
        List<T> all = new ArrayList<>();
        blocks.forEach((key, offset) -> {
            T block = decode(offset, bytes, decoder);
            if (block != null) {
                all.add(block);
            }
        });
        return all;
    }

    /** Returns null for a block that is outside the file or that the writer has reused. */
    private <T> T decode(long offset, int bytes, LongFunction<T> decoder) {
        if (!file.holds(offset, bytes)) { return null; }
        try {
            return decoder.apply(file.address() + offset);
        } catch (IllegalArgumentException reused) {
            return null;
        }
    }

    private PublishedMap.Reader map(TablesFile.Root root) {
        return new PublishedMap.Reader(file.address(), file.size(), file.rootAt(root) - file.address());
    }
}
