package io.weft.dataplane.table;

import io.weft.dataplane.forwarding.Route;
import io.weft.dataplane.log.LogLevel;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.service.ServiceTableBuilder;
import io.weft.lb.table.PublishedMap;
import io.weft.lb.table.TableArena;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * Writes the tables: the control plane's side of {@code <run directory>/tables}.
 *
 * <p>Readers see nothing before the first {@link #commit}, which replaces a former writer's file. Afterwards they see each change at once
 * and as a whole; {@link #commit} gives the changes a generation. Workers report which generation they use, and a replaced block is reused
 * only after all of them have passed it. The cost of a change is proportional to what it changes, both here and at the reader, which finds
 * it through counts and a log ({@link TablesFollower}).
 *
 * <p>Thread: one. Allocation: yes. Errors: {@link io.weft.lb.table.TableFullException} if the file has no room (the tables are unchanged;
 * create a new writer with {@link TablesSizing#doubled}); {@link io.weft.nativebindings.linux.LinuxException} for errors of the file.
 */
public final class TablesWriter implements AutoCloseable {
    private static final int EXPECTED_ENTRIES = 64;
    private static final int SINGLE = Integer.SIZE;

    private final Path runDirectory;
    private final TablesFile file;
    private final TableArena arena;
    private final LongSupplier oldestInUse;
    private final RouteTable routes;
    private final PublishedMap portBlocks;
    private final PublishedMap peerBlocks;
    private final ClaimedMap endpoints;
    private final ServiceTableBuilder services;
    private final Map<Integer, PortSpec> ports = new HashMap<>();
    private final Map<Integer, PeerSpec> peers = new HashMap<>();
    private final Map<IpPrefix, StaticRoute> staticRoutes = new HashMap<>();
    private LocalNode local;
    private boolean published;

    private TablesWriter(Path runDirectory, TablesFile file, LongSupplier oldestInUse) {
        this.runDirectory = runDirectory;
        this.file = file;
        this.oldestInUse = oldestInUse;
        arena = new TableArena(file.address(), file.arenaAt(), file.size());
        arena.setPendingGeneration(file.generation() + 1);
        routes = new RouteTable(file, arena);
        portBlocks = map(TablesFile.Root.PORTS);
        peerBlocks = map(TablesFile.Root.PEERS);
        endpoints = new ClaimedMap(arena, file.rootAt(TablesFile.Root.ENDPOINTS) - file.address(), EXPECTED_ENTRIES,
            tunnel -> tunnel);
        services = new ServiceTableBuilder(arena, file.rootAt(TablesFile.Root.SERVICES) - file.address(),
            EXPECTED_ENTRIES, file::logServices);
    }

    /**
     * Creates an empty file that readers do not see yet. The caller holds the control plane's lock, so there is only one writer.
     *
     * @param oldestInUse the oldest generation that any worker may still use, {@link Long#MAX_VALUE} without workers; called at each commit
     */
    public static TablesWriter create(Path runDirectory, TablesSizing sizing, LongSupplier oldestInUse) {
        TablesFile.removeUnfinished(runDirectory);
        long incarnation = ThreadLocalRandom.current().nextLong() & Long.MAX_VALUE;
        long generation = TablesFile.lastGeneration(runDirectory);
        return new TablesWriter(runDirectory, TablesFile.create(runDirectory, sizing.bytes(), incarnation, generation),
            oldestInUse);
    }

    public long incarnation() {
        return file.incarnation();
    }

    /** The last committed generation; before the first commit, that of the former writer. */
    public long generation() {
        return file.generation();
    }

    /** Free bytes, without blocks that workers may still use. */
    public long freeBytes() {
        return arena.freeBytes();
    }

    public void putLocal(LocalNode node) {
        if (node.equals(local)) { return; }
        long block = arena.allocate(TableBlocks.LOCAL_NODE_BYTES);
        TableBlocks.put(arena.address(block), node);
        long before = file.localNode();
        routes.replace(local == null ? Map.of() : routesOf(local), routesOf(node));
        local = node;
        file.localNode(block);
        file.countChange(TablesFile.Root.LOCAL_NODE);
        if (before != 0) {
            arena.retire(before);
        }
    }

    /** Adds the port, or replaces the one with this id. */
    public void putPort(PortSpec port) {
        PortSpec before = ports.get(port.id());
        if (port.equals(before)) { return; }
        long block = arena.allocate(TableBlocks.PORT_BYTES);
        TableBlocks.put(arena.address(block), port);
        replace(portBlocks, port.id(), block);
        file.countChange(TablesFile.Root.PORTS);
        routes.replace(before == null ? Map.of() : routesOf(before), routesOf(port));
        ports.put(port.id(), port);
    }

    /** @return false if there was none */
    public boolean removePort(int id) {
        PortSpec port = ports.remove(id);
        if (port == null) { return false; }
        routes.replace(routesOf(port), Map.of());
        remove(portBlocks, id);
        file.countChange(TablesFile.Root.PORTS);
        return true;
    }

    /** Adds the peer, or replaces the one with this index. */
    public void putPeer(PeerSpec peer) {
        PeerSpec before = peers.get(peer.index());
        if (peer.equals(before)) { return; }
        long block = arena.allocate(TableBlocks.PEER_BYTES);
        TableBlocks.put(arena.address(block), peer);
        replace(peerBlocks, peer.index(), block);
        file.countChange(TablesFile.Root.PEERS);
        int endpoint = peer.vtepIp().toInt();
        endpoints.claim(endpoint, peer.tunnel());
        file.logChange(endpoint, SINGLE);
        if (before != null) {
            releaseEndpoint(before);
        }
        routes.replace(before == null ? Map.of() : routesOf(before), routesOf(peer));
        peers.put(peer.index(), peer);
    }

    /** @return false if there was none */
    public boolean removePeer(int index) {
        PeerSpec peer = peers.remove(index);
        if (peer == null) { return false; }
        routes.replace(routesOf(peer), Map.of());
        releaseEndpoint(peer);
        remove(peerBlocks, index);
        file.countChange(TablesFile.Root.PEERS);
        return true;
    }

    /** Adds the static route, or replaces the one with this prefix. */
    public void putStaticRoute(StaticRoute route) {
        StaticRoute before = staticRoutes.get(route.prefix());
        if (route.equals(before)) { return; }
        routes.replace(routesOf(before), routesOf(route));
        staticRoutes.put(route.prefix(), route);
    }

    /** @return false if there was none */
    public boolean removeStaticRoute(IpPrefix prefix) {
        StaticRoute route = staticRoutes.remove(prefix);
        routes.replace(routesOf(route), Map.of());
        return route != null;
    }

    /** The least severe messages that the dataplane logs. */
    public void logLevel(LogLevel level) {
        file.logLevel(level.ordinal());
    }

    private void releaseEndpoint(PeerSpec peer) {
        endpoints.release(peer.vtepIp().toInt(), peer.tunnel());
        file.logChange(peer.vtepIp().toInt(), SINGLE);
    }

    /** The services. Their changes belong to the next {@link #commit}, as all others do. */
    public ServiceTableBuilder services() {
        return services;
    }

    /**
     * Publishes the changes since the last commit as the next generation, and frees blocks that every worker has passed.
     *
     * @return the generation
     */
    public long commit() {
        long generation = arena.pendingGeneration();
        file.generation(generation);
        arena.setPendingGeneration(generation + 1);
        if (!published) {
            file.publish(runDirectory);
            published = true;
        }
        arena.reclaim(oldestInUse.getAsLong());
        return generation;
    }

    /** Unmaps the file. The file stays, so that the dataplane can continue; without a commit it is deleted. */
    @Override
    public void close() {
        file.close();
        if (!published) {
            file.discard(); // only this one: its successor's file may exist already
        }
    }

    private void replace(PublishedMap blocks, int key, long block) {
        long before = blocks.put(key, block);
        if (before != PublishedMap.MISSING) {
            arena.retire(before);
        }
    }

    private void remove(PublishedMap blocks, int key) {
        arena.retire(blocks.remove(key));
    }

    private PublishedMap map(TablesFile.Root root) {
        return new PublishedMap(arena, file.rootAt(root) - file.address(), EXPECTED_ENTRIES);
    }

    private static Map<IpPrefix, Long> routesOf(LocalNode node) {
        Map<IpPrefix, Long> all = new HashMap<>(); // a later entry replaces an equal prefix: a node may have the whole cluster's
        all.put(node.clusterCidr(), Route.of(Route.NO_SUCH_NODE, 0));
        node.serviceCidrs().forEach(cidr -> all.put(cidr, Route.of(Route.SERVICE, 0)));
        all.put(node.podCidr(), Route.of(Route.NO_SUCH_POD, 0));
        all.put(IpPrefix.single(node.base()), Route.of(Route.LOCAL_NODE, 0));
        all.put(IpPrefix.single(node.address()), Route.of(Route.LOCAL_NODE, 0));
        all.put(IpPrefix.single(node.gateway()), Route.of(Route.GATEWAY, 0));
        return all;
    }

    private static Map<IpPrefix, Long> routesOf(StaticRoute route) {
        return route == null ? Map.of() : Map.of(route.prefix(), route.route());
    }

    private static Map<IpPrefix, Long> routesOf(PortSpec port) {
        return Map.of(IpPrefix.single(port.podIp()), Route.of(Route.LOCAL_PORT, port.id()));
    }

    private static Map<IpPrefix, Long> routesOf(PeerSpec peer) {
        Map<IpPrefix, Long> all = new HashMap<>();
        all.put(peer.podCidr(), Route.of(Route.PEER, peer.tunnel()));
        peer.nodeAddresses()
            .forEach(address -> all.putIfAbsent(IpPrefix.single(address), Route.of(Route.PEER_NODE, peer.tunnel())));
        return all;
    }
}
