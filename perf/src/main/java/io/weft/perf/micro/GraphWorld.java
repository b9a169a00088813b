package io.weft.perf.micro;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.graph.ForwardingGraph;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.state.PortKind;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesReader;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesWriter;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.address.Ipv4Prefix;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import io.weft.lb.flow.Epochs;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowSweeper;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTimeouts;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A node for benchmarks: pods that send 60-byte UDP frames to one ClusterIP with 256 backends behind 64 peers. Same work and same order of
 * flows as the C reference {@code pipe}: 16,384 source ports for each source address, flows uniformly at random, 4,096 frames of 2 KiB in
 * rotation, written anew for each batch.
 *
 * <p>The rest is the product's: port checks, Ethernet, counters, time stamps, both directions' entries, and a thread that sweeps the flow table
 * for expired flows, all of it in five seconds.
 */
final class GraphWorld implements AutoCloseable {
    static final int FRAME_LENGTH = 60;

    private static final int FRAMES = 4096;
    private static final int CHUNK = 2048;
    private static final int PORTS_PER_POD = 1 << 14;
    private static final int FIRST_SOURCE_PORT = 16_384;
    private static final int PEERS = 64;
    /** The product's, without configuration. */
    private static final int DEFAULT_MAX_FLOWS = 131_072;
    private static final int BACKENDS = 256;
    private static final int SEQUENCE = 1 << 22;
    private static final int ARMED_WORDS = 6;
    private static final long POD_MAC = 0x02_00_00_00_00_02L;
    private static final long GATEWAY_MAC = 0x02_00_00_00_00_01L;
    private static final int FIRST_POD_IP = Ipv4Address.of("10.1.0.2");
    private static final int VIP = Ipv4Address.of("10.96.0.1");

    private final List<MappedMemory> mappings = new ArrayList<>();
    private final FramePool pool;
    private final ForwardingGraph graph;
    private final FrameBatch batch = new FrameBatch();
    private final WorkerCounters counters;
    private final CounterFile counterFile;
    private final Path directory;
    private final TablesWriter writer;
    private final TablesReader reader;
    private final FlowTable flows;
    private final int flowCount;
    private final int[] sequence = new int[SEQUENCE];
    private final long[] template = new long[ARMED_WORDS];
    private final Thread sweeper;
    private volatile boolean stopped;
    private final AtomicLong turns = new AtomicLong(1);
    private int nextInSequence;
    private int nextFrame;

    GraphWorld(int flowCount) {
        this.flowCount = flowCount;
        int pods = (flowCount + PORTS_PER_POD - 1) / PORTS_PER_POD;
        pool = new FramePool(map((long) FRAMES * CHUNK), FRAMES, CHUNK);
        counterFile = CounterFile.inMemory(new CounterSizing(1, PortDirectory.FIRST_POD_PORT + pods, PEERS));
        counters = counterFile.worker(0);
        directory = temporaryDirectory();
        writer = TablesWriter.create(directory, TablesSizing.DEFAULT, () -> Long.MAX_VALUE);
        fillTables(pods);
        reader = TablesReader.open(directory);
        ForwardingState state = new ForwardingState(adjacencies());
        state.publish(directoryOf(pods));
        state.publish(reader);
        int maxFlows = Math.max(flowCount + flowCount / 4, DEFAULT_MAX_FLOWS);
        long size = FlowTable.sizeFor(maxFlows);
        flows = FlowTable.create(map(size), size, maxFlows, 1);
        SnatPorts snatPorts = new SnatPorts(map(SnatPorts.BITMAPS_LENGTH), 61_000, 65_535);
        graph = new ForwardingGraph(state, flows, snatPorts, counters, pool);
        graph.use(new Port[]{null, new MemoryPort(1, pool, counters, MemoryPort.Sent.FORGOTTEN, 64)});
        writeTemplate();
        makeFlows();
        sweeper = new Thread(this::sweep, "sweeper");
        sweeper.setDaemon(true);
        sweeper.start();
    }

    /** Writes the next 64 frames and takes them through the graph. */
    int forward() {
        arm();
        graph.process(batch, System.nanoTime());
        turns.setRelease(turns.getPlain() + 1);
        return batch.size;
    }

    /** Writes the next 64 frames. */
    int arm() {
        batch.clear();
        for (int i = 0; i < FrameBatch.CAPACITY; i++) {
            long at = pool.base() + (long) nextFrame * CHUNK + FramePool.HEADROOM;
            nextFrame = nextFrame + 1 & FRAMES - 1;
            arm(at, sequence[nextInSequence++ & SEQUENCE - 1]);
        }
        return batch.size;
    }

    /** The checksums stay right: what is added to ports and addresses is taken off the payload. */
    private void arm(long at, int flow) {
        for (int word = 0; word < ARMED_WORDS; word++) {
            Memory.putNativeI64(at + 8L * word, template[word]);
        }
        int port = FIRST_SOURCE_PORT + (flow & PORTS_PER_POD - 1);
        int pod = flow / PORTS_PER_POD;
        Memory.putU16(at + 34, port);
        Memory.putU16(at + 42, ~port);
        Memory.putU16(at + 28, FIRST_POD_IP + pod);
        Memory.putU16(at + 18, ~(FIRST_POD_IP + pod));
        Memory.putU16(at + 44, ~(FIRST_POD_IP + pod));
        batch.add(at, FRAME_LENGTH, PortDirectory.FIRST_POD_PORT + pod);
    }

    /** @throws IllegalStateException unless every frame was sent, and the last one is right from its outer to its inner checksum */
    void check() {
        long frames = counters.total(FrameTotal.RECEIVED);
        require(counters.total(FrameTotal.SENT) == frames, "frames were dropped");
        require(counters.dropped(DropReason.INTERNAL_ERROR) == 0, "a node failed");
        require(flows.flows() == flowCount, "flows: " + flows.flows());
        long at = pool.base() + (long) (nextFrame - 1 & FRAMES - 1) * CHUNK + FramePool.HEADROOM;
        require(InternetChecksum.ipv4Header(at + 14, 20) == 0, "inner IPv4 checksum");
        require(InternetChecksum.l4(at + 14, at + 34, 26) == 0, "inner UDP checksum");
        require(InternetChecksum.ipv4Header(at - 50 + 14, 20) == 0, "outer IPv4 checksum");
        require(Ipv4Header.destination(at + 14) >>> 16 == (Ipv4Address.of("10.3.0.0") >>> 16), "translated");
        require(UdpHeader.destinationPort(at - 50 + 34) == 8472, "tunnelled");
    }

    private static void require(boolean condition, String what) {
        if (!condition) { throw new IllegalStateException(what); }
    }

    // -- set-up --------------------------------------------------------------------------------------------------------

    private void fillTables(int pods) {
        writer.putLocal(new LocalNode("bench", Ipv4Address.of("192.0.2.1"), Ipv4Prefix.of("10.1.0.0/24"),
            Ipv4Prefix.of("10.0.0.0/11"),
            Ipv4Prefix.of("10.96.0.0/16"), 0x02_00_00_00_00_03L, 1, 8472, 1450, 1450, true, 61_000, 65_535));
        for (int pod = 0; pod < pods; pod++) {
            writer.putPort(
                new PortSpec(PortDirectory.FIRST_POD_PORT + pod, pod, "pod" + pod, FIRST_POD_IP + pod, POD_MAC, 1450));
        }
        List<Backend> backends = new ArrayList<>();
        for (int peer = 0; peer < PEERS; peer++) {
            int network = Ipv4Address.of("10.3.0.0") + (peer << 8);
            writer.putPeer(
                new PeerSpec(peer, "peer" + peer, Ipv4Address.of("192.0.2.100") + peer, 0x02_00_00_00_02_00L + peer,
                    new Ipv4Prefix(network, 24), List.of(), true));
            for (int i = 0; i < BACKENDS / PEERS; i++) {
                backends.add(new Backend(network + 2 + i, 8080, 0));
            }
        }
        writer.services().put(new ServiceSpec(new ServiceKey(VIP, 4000, IpProtocol.IPPROTO_UDP), "bench", backends));
        writer.commit();
    }

    private Adjacencies adjacencies() {
        Adjacencies adjacencies = new Adjacencies(map((long) PEERS * Adjacencies.SLOT_BYTES), PEERS, PEERS);
        for (int peer = 0; peer < PEERS; peer++) {
            adjacencies.bindPeer(peer, peer);
            adjacencies.writeTunnel(peer, 0x02_00_00_00_01_00L + peer, 0x02_00_00_00_00_04L,
                Ipv4Address.of("192.0.2.1"),
                Ipv4Address.of("192.0.2.100") + peer, 8472, 1, 0x02_00_00_00_02_00L + peer, 0x02_00_00_00_00_03L, 1450);
        }
        return adjacencies;
    }

    private static PortDirectory directoryOf(int pods) {
        PortDirectory ports = PortDirectory.EMPTY.with(PortDirectory.UPLINK_PORT, PortKind.UPLINK, 0, 0,
            0x02_00_00_00_00_04L, 1500);
        for (int pod = 0; pod < pods; pod++) {
            ports = ports.with(PortDirectory.FIRST_POD_PORT + pod, PortKind.POD, FIRST_POD_IP + pod, POD_MAC,
                GATEWAY_MAC, 1450);
        }
        return ports;
    }

    /** Pseudo-random pairs of words that add up to nothing are put at changing ports and addresses. */
    private void writeTemplate() {
        long at = map(4096);
        EthernetHeader.write(at, GATEWAY_MAC, POD_MAC, EthernetHeader.ETH_P_IP);
        Ipv4Header.write(at + 14, 0, FRAME_LENGTH - 14, IpProtocol.IPPROTO_UDP, FIRST_POD_IP, VIP);
        UdpHeader.write(at + 34, FIRST_SOURCE_PORT, 4000, FRAME_LENGTH - 34);
        Memory.putU16(at + 42, ~FIRST_SOURCE_PORT);
        Memory.putU16(at + 18, ~FIRST_POD_IP);
        Memory.putU16(at + 44, ~FIRST_POD_IP);
        Ipv4Header.writeChecksum(at + 14);
        UdpHeader.setChecksum(at + 34, InternetChecksum.l4(at + 14, at + 34, FRAME_LENGTH - 34));
        for (int word = 0; word < ARMED_WORDS; word++) {
            template[word] = Memory.nativeI64(at + 8L * word);
        }
        for (int frame = 0; frame < FRAMES; frame++) {
            long chunk = pool.base() + (long) frame * CHUNK + FramePool.HEADROOM;
            Memory.zero(chunk, FRAME_LENGTH);
        }
    }

    /** Every flow once, in order, and then at random. */
    private void makeFlows() {
        for (int i = 0; i < SEQUENCE; i++) {
            sequence[i] = i % flowCount;
        }
        for (long made = 0; flows.flows() < flowCount; made += FrameBatch.CAPACITY) {
            require(made <= 2L * flowCount + FrameBatch.CAPACITY, "flows are not made");
            forward();
        }
        int x = 12_345;
        for (int i = 0; i < SEQUENCE; i++) {
            x ^= x << 13;
            x ^= x >>> 17;
            x ^= x << 5;
            sequence[i] = (x & Integer.MAX_VALUE) % flowCount;
        }
    }

    private void sweep() {
        Epochs epochs = new Epochs() {
            @Override
            public long current() {
                return turns.getAcquire();
            }

            @Override
            public boolean passed(long epoch) {
                return epoch < turns.getAcquire();
            }
        };
        FlowSweeper expiry = new FlowSweeper(flows,
            FlowTimeouts.defaults().with(FlowState.UDP_UNREPLIED, 86_400), epochs,
            (forward, k0, k1) -> {});
        while (!stopped) {
            expiry.sweep((int) (System.nanoTime() / 1_000_000_000), Math.max(1, flows.lineCount() / 500), null);
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private long map(long bytes) {
        MappedMemory memory = MappedMemory.anonymous(bytes + CHUNK, true);
        mappings.add(memory);
        return (memory.address() + CHUNK - 1) & -CHUNK;
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("weft-bench");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        stopped = true;
        try {
            sweeper.join();
            reader.close();
            writer.close();
            Files.delete(TablesReader.path(directory));
            Files.delete(directory);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        counterFile.close();
        mappings.forEach(MappedMemory::close);
    }
}
