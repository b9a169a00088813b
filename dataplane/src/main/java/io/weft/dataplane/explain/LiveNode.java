package io.weft.dataplane.explain;

import io.weft.dataplane.conductor.KernelRoutes;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.counters.AdjacencyKind;
import io.weft.dataplane.counters.AdjacencyStatus;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.ConductorText;
import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.LocalAddresses;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesException;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSnapshot;
import io.weft.lb.flow.FlowDump;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.netlink.Address;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.nio.file.Path;
import java.util.List;

/**
 * The node whose dataplane runs on a run directory, read without touching it: {@code tables} and {@code counters} are mapped for reading,
 * {@code flows} for private changes, and routes, addresses and MAC addresses come from the kernel, as they do for the conductor. What only
 * the dataplane's memory holds (session affinities, decisions on fragments, held packets, ports of the node's sockets) is not seen.
 *
 * <p>Thread: one, in the node's network namespace. Cold code.
 */
final class LiveNode implements AutoCloseable {
    private static final long ALIVE_NANOS = 5_000_000_000L;
    private static final String HOST_DEVICE = "weft-host";
    private static final int PAGE = 4096;

    private final Path runDirectory;
    private final NodeConfiguration configuration;
    private final TablesReader tables;
    private final MappedMemory slots;
    private final NodeImage image;

    private LiveNode(NodeConfiguration configuration, CounterReader counters, TablesReader tables) {
        runDirectory = configuration.runDirectory();
        this.configuration = configuration;
        this.tables = tables;
        List<AdjacencyStatus> adjacencies = counters.adjacencies();
        int capacity = 1 + adjacencies.stream().mapToInt(AdjacencyStatus::slot).max().orElse(0);
        slots = MappedMemory.anonymous(Math.max(PAGE, (long) capacity * Adjacencies.SLOT_BYTES), false);
        ForwardingState state = new ForwardingState(new Adjacencies(slots.address(), capacity, PeerSpec.MAX_PEERS));
        TablesSnapshot snapshot = tables.snapshot();
        try (Rtnetlink rtnetlink = Rtnetlink.open()) {
            Link uplink = uplink(counters, rtnetlink);
            fill(state, snapshot, counters, rtnetlink, uplink);
            fill(state.adjacencies(), adjacencies, snapshot, uplink);
        }
        state.publish(tables);
        image = new NodeImage(state, this::openFlows,
            NodeNames.of(tables, counters, runDirectory), capacity);
    }

    /**
     * @throws TablesException if there are no tables, or no dataplane runs, or it runs in another network namespace: one line says which
     * @throws io.weft.dataplane.counters.CounterFileException if there are no counters
     */
    static LiveNode open(NodeConfiguration configuration) {
        Path runDirectory = configuration.runDirectory();
        try (CounterReader counters = CounterReader.open(runDirectory)) {
            long heartbeat = counters.gauge(ConductorGauge.HEARTBEAT);
            if (heartbeat == 0 || System.nanoTime() - heartbeat > ALIVE_NANOS) {
                throw new TablesException("no dataplane runs on " + runDirectory);
            }
            TablesReader tables = TablesReader.open(runDirectory);
            try {
                if (tables.local() == null) {
                    throw new TablesException(
                        "the tables in " + runDirectory + " do not describe this node yet; weft status says why");
                }
                return new LiveNode(configuration, counters, tables);
            } catch (RuntimeException e) {
                tables.close();
                throw e;
            }
        }
    }

    NodeImage image() {
        return image;
    }

    @Override
    public void close() {
        tables.close();
        slots.close();
    }

    private static Link uplink(CounterReader counters, Rtnetlink rtnetlink) {
        int index = (int) counters.gauge(ConductorGauge.UPLINK_IFINDEX);
        String name = counters.text(ConductorText.UPLINK_NAME);
        return rtnetlink.link(index).filter(link -> link.name().equals(name)).orElseThrow(() -> new TablesException(
            "the dataplane's uplink " + name + " (index " + index
                + ") is not in this network namespace: run the command where the dataplane runs"));
    }

    private static void fill(ForwardingState state, TablesSnapshot snapshot, CounterReader counters,
        Rtnetlink rtnetlink,
        Link uplink) {
        LocalNode local = snapshot.local().orElseThrow();
        LocalNode limited = local.withLongestPacket((int) counters.gauge(ConductorGauge.LONGEST_PACKET));
        long hostMac = rtnetlink.link(HOST_DEVICE).map(Link::mac).orElse(0L);
        PortDirectory ports = state.ports()
            .with(PortId.HOST, PortKind.HOST, 0, hostMac, limited.vtepMac(), limited.hostMtu(uplink.mtu()))
            .with(PortId.UPLINK, PortKind.UPLINK, 0, 0, uplink.mac(), uplink.mtu());
        for (PortSpec spec : snapshot.ports()) {
            PortStatus status = counters.port(spec.id()).orElse(null);
            if (status != null && status.state() == PortState.UP && status.attachId() == spec.attachId()) {
                ports = ports.with(spec.id(), PortKind.POD, spec.podIp().toInt(), spec.podMac(), local.vtepMac(),
                    spec.mtu());
            }
        }
        state.publish(ports);
        state.publish(KernelRoutes.read(rtnetlink, uplink.index()).routes());
        state.publish(new LocalAddresses(rtnetlink.addresses().stream().mapToInt(Address::ip).toArray()));
    }

    private static void fill(Adjacencies adjacencies, List<AdjacencyStatus> reported, TablesSnapshot snapshot,
        Link uplink) {
        LocalNode local = snapshot.local().orElseThrow();
        for (AdjacencyStatus each : reported) {
            if (each.kind() == AdjacencyKind.UNDERLAY) {
                adjacencies.bindNextHop(each.ip(), each.slot());
                if (each.resolved()) {
                    adjacencies.writeUnderlay(each.slot(), each.mac(), uplink.mac(), uplink.mtu());
                }
                continue;
            }
            for (PeerSpec peer : snapshot.peers()) {
                if (peer.vtepIp().toInt() == each.ip()) {
                    adjacencies.bindPeer(peer.tunnel(), each.slot());
                    if (each.resolved()) {
                        adjacencies.writeTunnel(each.slot(), local.tunnel(peer, each.mac(), uplink.mac()),
                            local.tunnelMtu(uplink.mtu()));
                    }
                }
            }
        }
    }

    private PrivateFlows openFlows() {
        try {
            MappedMemory memory = MappedMemory.openFilePrivate(runDirectory.resolve("flows"));
            MappedMemory bitmaps = MappedMemory.anonymous(SnatPorts.BITMAPS_LENGTH, false);
            SnatPorts ports = new SnatPorts(bitmaps.address(), configuration.snatPorts().toBitSet());
            new FlowDump(memory.address(), memory.size()).forEach(flow -> SourceNat.onFound(ports, flow));
            return new PrivateFlows(FlowTable.open(memory.address(), memory.size()), ports, List.of(memory, bitmaps));
        } catch (LinuxException | IllegalArgumentException e) {
            throw new TablesException(runDirectory.resolve("flows") + ": " + e.getMessage());
        }
    }
}
