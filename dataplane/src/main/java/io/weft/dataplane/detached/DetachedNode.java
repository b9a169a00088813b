package io.weft.dataplane.detached;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.graph.ForwardingGraph;
import io.weft.dataplane.graph.NodeObserver;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesWriter;
import io.weft.encap.address.IpAddress;
import io.weft.encap.memory.Memory;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the workers of a node share, without a control plane, a conductor or devices: the tables in a real file, the forwarding state, the flow
 * table and the SNAT ports. Warm-up, tests and benchmarks fill it by hand and run graphs over it.
 *
 * <p>Ports and neighbours are in use at once; what goes to {@link #tables} is after {@link TablesWriter#commit}. Thread: one. Cold code.
 */
public final class DetachedNode implements AutoCloseable {
    private static final Logger LOG = System.getLogger(DetachedNode.class.getName());
    /** A page: larger than any chunk and than any alignment asked of tables. */
    private static final int ALIGNMENT = 4096;

    /**
     * @param adjacencies slots for tunnels and next hops
     * @param peers peer indices are 0 … peers-1
     * @param hugePages whether {@link #map} asks for huge pages
     */
    public record Sizing(TablesSizing tables, int maxFlows, int adjacencies, int peers, boolean hugePages) {
    }

    public final LocalNode local;
    public final TablesWriter tables;
    public final ForwardingState state;
    public final FlowTable flows;
    public final SnatPorts snatPorts;
    private final Sizing sizing;
    private final Path directory;
    private final TablesReader reader;
    private final List<MappedMemory> mappings = new ArrayList<>();
    private final long flowsAt;
    private PortDirectory ports = PortDirectory.EMPTY;
    private long uplinkMac;
    private int uplinkMtu;

    /** @param parent room for a temporary directory, which {@link #close} removes */
    public DetachedNode(Path parent, LocalNode local, Sizing sizing) throws IOException {
        this.local = local;
        this.sizing = sizing;
        directory = Files.createTempDirectory(parent, "weft-detached-");
        try {
            tables = TablesWriter.create(directory, sizing.tables(), () -> Long.MAX_VALUE);
            tables.putLocal(local);
            tables.commit();
            reader = TablesReader.open(directory);
            state = new ForwardingState(new Adjacencies(map((long) sizing.adjacencies() * Adjacencies.SLOT_BYTES),
                sizing.adjacencies(), sizing.peers()));
            state.publish(reader);
            flowsAt = map(FlowTable.sizeFor(sizing.maxFlows()));
            flows = createFlows();
            snatPorts = new SnatPorts(map(SnatPorts.BITMAPS_LENGTH), local.snatFirst(), local.snatLast());
        } catch (RuntimeException e) {
            release();
            throw e;
        }
    }

    /** As tests and benchmarks make one: in the system's directory for temporary files. */
    public static DetachedNode temporary(LocalNode local, Sizing sizing) {
        try {
            return new DetachedNode(Path.of(System.getProperty("java.io.tmpdir")), local, sizing);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @return address of zeroed memory, page aligned, which {@link #close} releases */
    public long map(long bytes) {
        MappedMemory memory = MappedMemory.anonymous(bytes + ALIGNMENT, sizing.hugePages());
        mappings.add(memory);
        return (memory.address() + ALIGNMENT - 1) & -ALIGNMENT;
    }

    // -- ports ---------------------------------------------------------------------------------------------------------

    /** The uplink; before any peer or next hop. */
    public void uplink(long mac, int mtu) {
        uplinkMac = mac;
        uplinkMtu = mtu;
        port(PortId.UPLINK, PortKind.UPLINK, 0, 0, mac, mtu);
    }

    /** {@code weft-host}: {@code mac} is the kernel's end, {@code gatewayMac} what it sends to. */
    public void host(long mac, long gatewayMac, int mtu) {
        port(PortId.HOST, PortKind.HOST, 0, mac, gatewayMac, mtu);
    }

    /** A pod, in the tables too. */
    public void pod(PortSpec pod, long gatewayMac) {
        tables.putPort(pod);
        port(pod.id(), PortKind.POD, pod.podIp().toInt(), pod.podMac(), gatewayMac, pod.mtu());
    }

    private void port(int id, int kind, int ip, long mac, long ownMac, int mtu) {
        ports = ports.with(id, kind, ip, mac, ownMac, mtu);
        state.publish(ports);
    }

    // -- neighbours ----------------------------------------------------------------------------------------------------

    /** A peer whose tunnel is slot {@code slot} of the adjacencies; {@code nextHopMac} takes the outer frames. */
    public void peer(PeerSpec peer, int slot, long nextHopMac) {
        tables.putPeer(peer);
        state.adjacencies().bindPeer(peer.tunnel(), slot);
        tunnel(peer, slot, nextHopMac, local.offNodeMtu());
    }

    /**
     * Another way to a peer than {@link #peer} gave it.
     *
     * @param mtu largest inner IPv4 packet
     */
    public void tunnel(PeerSpec peer, int slot, long nextHopMac, int mtu) {
        state.adjacencies().writeTunnel(slot, local.tunnel(peer, nextHopMac, uplinkMac), mtu);
    }

    /** A next hop on the underlay, resolved, in slot {@code slot} of the adjacencies. */
    public void nextHop(int address, int slot, long mac) {
        state.adjacencies().bindNextHop(address, slot);
        resolve(slot, mac);
    }

    /** Resolves the next hop that is bound to the slot. */
    public void resolve(int slot, long mac) {
        state.adjacencies().writeUnderlay(slot, mac, uplinkMac, uplinkMtu);
    }

    // -- Services ------------------------------------------------------------------------------------------------------

    /** One port of a Service, in place of what it had before. */
    public void service(int clusterIp, int port, int protocol, List<Backend> backends) {
        tables.services()
            .put(new ServiceSpec(new ServiceKey(IpAddress.ipv4(clusterIp), port, protocol), "service", backends));
    }

    // -- workers -------------------------------------------------------------------------------------------------------

    /** Another worker's graph, without ports. */
    public ForwardingGraph graph(WorkerCounters counters, FramePool pool) {
        return graph(counters, pool, null);
    }

    /** @param observer of the graph's nodes, or null */
    public ForwardingGraph graph(WorkerCounters counters, FramePool pool, NodeObserver observer) {
        return new ForwardingGraph(state, flows, snatPorts, counters, pool, observer);
    }

    /** Empties the flow table; no worker may be running. */
    public void forgetFlows() {
        createFlows();
    }

    /** The flow table's present content in memory of the caller's, to be opened by {@link FlowTable#open}. */
    public MappedMemory copyOfFlows() {
        long bytes = FlowTable.sizeFor(sizing.maxFlows());
        MappedMemory copy = MappedMemory.anonymous(bytes, false);
        Memory.copy(flowsAt, copy.address(), bytes);
        return copy;
    }

    private FlowTable createFlows() {
        return FlowTable.create(flowsAt, FlowTable.sizeFor(sizing.maxFlows()), sizing.maxFlows(), 1);
    }

    /** Once no graph is used any more. */
    @Override
    public void close() {
        reader.close();
        tables.close();
        release();
    }

    private void release() {
        mappings.forEach(MappedMemory::close);
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(directory);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "not removed: {0}", directory);
        }
    }
}
