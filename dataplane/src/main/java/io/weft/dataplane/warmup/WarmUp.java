package io.weft.dataplane.warmup;

import static io.weft.dataplane.warmup.Scene.*;

import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.DeviceDriver;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.table.Overlay;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.ArpPacket;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.packet.UdpHeader;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.Poll;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Runs frames of every kind through a graph of its own before the first XDP program is attached, so that the first real frames meet
 * compiled code: the first batch through cold code takes tens of milliseconds, the first thousands of frames take microseconds each.
 *
 * <p>The mixture is that of real traffic (mostly known flows; new ones, tunnel, Services, masquerading, ICMP; every kind of bad frame),
 * because the JIT discards code that was compiled without some kind at the first frame of that kind.
 *
 * <p>Cold code, apart from the code it warms. Thread: one, before the workers have ports or concurrently with them: they share nothing but
 * code.
 */
public final class WarmUp {
    private static final Logger LOG = System.getLogger(WarmUp.class.getName());
    private static final int FRAMES = 600_000;
    /** About 4 s are usual: until vector operations are compiled, each costs microseconds. */
    private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long LOOP_FRAMES = 100_000;
    private static final long MAX_LOOP_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int POLLS = 12_000;
    private static final int KINDS = 34;
    private static final int FLOWS = 2048;
    private static final int FRAMES_A_FLOW = 8;
    private static final int FIRST_PORT = 10_000;
    private static final int ROUNDS_A_CHAIN = 8;
    private static final int FRAGMENTS_A_DATAGRAM = 4;
    /** One port in this many talks to the neighbour; all of its flows begin while the neighbour is unresolved. */
    private static final int PORTS_A_NEIGHBOUR = 8;

    private final Scene scene;
    private final FramePool pool;
    private final FrameBatch batch = new FrameBatch();
    private final Port[] ports = new Port[POD_B.id() + 1];
    private long frames;
    private int fragments;

    private WarmUp(Scene scene) {
        this.scene = scene;
        pool = scene.pool;
        for (int id = 0; id < ports.length; id++) {
            ports[id] = new MirrorPort(id, pool, scene.overlay);
        }
        scene.graph.use(ports);
    }

    /**
     * Returns after 600,000 frames in memory and 100,000 over veths, or after ten seconds and one, or when it is cancelled.
     *
     * @param runDirectory has room for a temporary file
     * @param layout of the workers' memory
     * @param overlay the node's: code is compiled for its encapsulation
     * @param drivers opens a driver like the workers' for veths of the calling thread's network namespace
     * @param cancelled called often, by the calling thread
     */
    public static void run(Path runDirectory, ChunkLayout layout, Overlay overlay, Supplier<DeviceDriver> drivers,
        BooleanSupplier cancelled) {
        long start = System.nanoTime();
        CounterSnapshot counted = warm(runDirectory, layout, overlay, Limit.in(MAX_NANOS, cancelled));
        warmPoll();
        long forwarded = loop(runDirectory, layout, overlay, drivers, Limit.in(MAX_LOOP_NANOS, cancelled));
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        LOG.log(Level.INFO,
            "warmed up with " + counted.received() + " frames in memory and " + forwarded + " over veths in " + millis
                + " ms");
    }

    /**
     * The part in memory alone, for benchmarks of the graph: the JIT compiles code for the mixture of frames that it has seen.
     *
     * @param directory has room for a temporary file
     * @param layout of the workers' memory
     * @param overlay the node's: code is compiled for its encapsulation
     */
    public static void inMemory(Path directory, ChunkLayout layout, Overlay overlay) {
        warm(directory, layout, overlay, Limit.in(MAX_NANOS, () -> false));
    }

    static CounterSnapshot warm(Path runDirectory, ChunkLayout layout, Overlay overlay, Limit limit) {
        return inScene(runDirectory, layout, overlay, scene -> {
            new WarmUp(scene).run(limit);
            return CounterSnapshot.of(scene.counters.reader());
        });
    }

    /** Without this part the node works, but its first frames are slow. */
    static long loop(Path runDirectory, ChunkLayout layout, Overlay overlay, Supplier<DeviceDriver> drivers,
        Limit limit) {
        try {
            return inScene(runDirectory, layout, overlay,
                scene -> LoopWarmUp.run(scene, layout, drivers, LOOP_FRAMES, limit));
        } catch (LinuxException e) {
            LOG.log(Level.WARNING, "the workers'' loop could not be warmed up: {0}", e.getMessage());
            return 0;
        }
    }

    private static <T> T inScene(Path runDirectory, ChunkLayout layout, Overlay overlay, Function<Scene, T> task) {
        try (Scene scene = new Scene(runDirectory, layout, overlay)) {
            return task.apply(scene);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot warm up in " + runDirectory + ": " + e.getMessage(), e);
        }
    }

    private void run(Limit limit) {
        for (int round = 0; frames < FRAMES || isDatagramBegun(); round++) {
            long now = System.nanoTime();
            if (limit.isReached(now)) { return; }
            scene.setNeighbour(round % FRAMES_A_FLOW >= FRAMES_A_FLOW / 2);
            fill(round);
            process(now);
            for (Port port : ports) {
                port.receive(batch);
            }
            process(now);
        }
        scene.setNeighbour(true);
        process(System.nanoTime()); // frames held for it
    }

    /** Whether the graph holds a fragment whose first has not come. */
    private boolean isDatagramBegun() {
        return fragments % FRAGMENTS_A_DATAGRAM == 1;
    }

    private void process(long now) {
        frames += batch.size;
        scene.graph.process(batch, now);
        scene.graph.resume(batch, now);
        batch.clear();
    }

    private void fill(int round) {
        if (round % ROUNDS_A_CHAIN == 0) {
            addChain();
        }
        int room = FrameBatch.CAPACITY / 2;
        for (int i = 0; i < room; i++) {
            long chunk = pool.allocate();
            if (chunk == 0) { return; }
            write(chunk + FramePool.HEADROOM, i % KINDS, FIRST_PORT + round / FRAMES_A_FLOW % FLOWS);
        }
    }

    /** A frame that fills one chunk and part of another. */
    private void addChain() {
        long head = pool.allocate() + FramePool.HEADROOM;
        long tail = pool.allocate() + FramePool.HEADROOM;
        int headLength = pool.chunkSize() - FramePool.HEADROOM;
        int tailLength = 100;
        int length = FrameWriter.udpHeaders(head, NODE.vtepMac(), POD_A.podIp().toInt(), POD_B.podIp().toInt(),
            FIRST_PORT, 53,
            headLength + tailLength - FrameWriter.L4_AT - UdpHeader.LENGTH);
        pool.chains().begin(head, headLength);
        pool.chains().append(head, tail, tailLength);
        batch.addChain(head, length, POD_A.id(), pool.chains());
    }

    /** One frame of a kind, in the flow with this port. */
    private void write(long at, int kind, int port) {
        long gateway = NODE.vtepMac();
        int a = POD_A.podIp().toInt();
        int b = POD_B.podIp().toInt();
        switch (kind) {
            case 0 -> fromA(at, FrameWriter.tcp(at, gateway, a, b, port, 80, TcpHeader.SYN));
            case 1, 2 -> fromA(at, FrameWriter.tcp(at, gateway, a, b, port, 80, TcpHeader.ACK));
            case 3 -> batch.add(at, FrameWriter.unreachable(at, gateway, POD_B.podMac(), a, b, port, 53), POD_B.id());
            case 4 -> fromA(at, FrameWriter.udp(at, gateway, a, b, port, 53, 64));
            case 5 -> fromA(at, FrameWriter.tcp(at, gateway, a, SERVICE, port, SERVICE_PORT, TcpHeader.SYN));
            case 6, 7, 8 -> fromA(at, FrameWriter.tcp(at, gateway, a, SERVICE, port, SERVICE_PORT, TcpHeader.ACK));
            case 9 -> fromA(at, FrameWriter.udp(at, gateway, a, SERVICE, port, SERVICE_PORT, 64));
            case 10 -> fromA(at, FrameWriter.tcp(at, gateway, a, POD_C, port, 80, TcpHeader.SYN));
            case 11, 12, 13 -> fromA(at, FrameWriter.tcp(at, gateway, a, POD_C, port, 80, TcpHeader.ACK));
            case 14 -> fromA(at, FrameWriter.tcp(at, gateway, a, OUTSIDE, port, 443, TcpHeader.SYN));
            case 15 -> fromA(at, FrameWriter.udp(at, gateway, a, outside(port), port, 53, 64));
            case 16, 17 ->
                tunnelled(at,
                    FrameWriter.tcp(FrameWriter.innerAt(at, scene.fromPeer), gateway, POD_C, b, port, 80,
                        TcpHeader.ACK));
            case 18 ->
                tunnelled(at,
                    FrameWriter.tcp(FrameWriter.innerAt(at, scene.fromPeer), gateway, POD_C, b, port, 81,
                        TcpHeader.SYN));
            case 19 ->
                tunnelled(at,
                    FrameWriter.udp(FrameWriter.innerAt(at, scene.fromPeer), gateway, POD_C, b, port, 53, 64));
            case 20 ->
                batch.add(at, FrameWriter.udp(at, gateway, NODE.base().toInt(), b, port, 53, 64), PortId.HOST);
            case 21 -> fromA(at, FrameWriter.tcp(at, gateway, a, NODE.address().toInt(), port, 10_250, TcpHeader.SYN));
            case 22 -> fromA(at, FrameWriter.echo(at, gateway, a, NODE.gateway().toInt(), port));
            case 23 -> fromA(at, FrameWriter.echo(at, gateway, a, b, port));
            case 24 -> fromA(at, FrameWriter.echo(at, gateway, a, OUTSIDE, port));
            default -> writeOdd(at, kind, port);
        }
    }

    private void writeOdd(long at, int kind, int port) {
        long gateway = NODE.vtepMac();
        int a = POD_A.podIp().toInt();
        int b = POD_B.podIp().toInt();
        switch (kind) {
            case 25 -> {
                EthernetHeader.write(at, EthernetHeader.BROADCAST, POD_A.podMac(), EthernetHeader.ETH_P_ARP);
                ArpPacket.writeRequest(at + EthernetHeader.LENGTH, POD_A.podMac(), a, NODE.gateway().toInt());
                fromA(at, EthernetHeader.LENGTH + ArpPacket.LENGTH);
            }
            case 26 -> {
                int length = FrameWriter.udp(at, gateway, a, b, port, 53, 64);
                FrameWriter.setWord(at, 8, 1 << 8 | 17); // TTL 1, UDP
                fromA(at, length);
            }
            case 27 -> {
                int length = FrameWriter.udp(at, gateway, a, b, port, 53, 64);
                FrameWriter.setWord(at, 4, fragments / FRAGMENTS_A_DATAGRAM & 0xFFFF);
                FrameWriter.setWord(at, 6, fragments++ % FRAGMENTS_A_DATAGRAM == 1 ? 0x2000 : 2); // the first comes second
                fromA(at, length);
            }
            case 28 -> fromA(at, FrameWriter.tcp(at, gateway, a, SERVICE, port + FLOWS, SERVICE_PORT, TcpHeader.ACK)); // reset
            case 29 -> fromA(at, FrameWriter.udp(at, gateway, a, EMPTY_SERVICE, port, SERVICE_PORT, 64)); // unreachable
            case 30 -> {
                int length = FrameWriter.udp(at, gateway, a, POD_C, port, 54, 1440); // too big for the tunnel
                FrameWriter.setWord(at, 6, port % 2 == 0 ? 0x4000 : 0); // to be answered, to be fragmented
                fromA(at, length);
            }
            case 31 -> batch.add(at, FrameWriter.udp(at, UPLINK_MAC, OUTSIDE, SERVICE, port, SERVICE_PORT, 64),
                PortId.UPLINK);
            case 32 -> // a reply to it, if that backend was chosen
                tunnelled(at, FrameWriter.udp(FrameWriter.innerAt(at, scene.fromPeer), gateway, POD_C,
                    NODE.base().toInt(), BACKEND_PORT, port, 64));
            default -> writeBad(at, port);
        }
    }

    private static int outside(int port) {
        return port % PORTS_A_NEIGHBOUR == 0 ? NEIGHBOUR : OUTSIDE;
    }

    private void writeBad(long at, int port) {
        int length = FrameWriter.udp(at, NODE.vtepMac(), POD_A.podIp().toInt(), POD_B.podIp().toInt(), port, 53, 64);
        switch (port % 6) {
            case 0 -> length = EthernetHeader.LENGTH + port % 28; // truncated
            case 1 -> Memory.putU8(at + EthernetHeader.LENGTH + 8, 7); // the header's checksum is wrong now
            case 2 -> FrameWriter.setWord(at, 14, port); // a wrong source
            case 3 -> EthernetHeader.setType(at, EthernetHeader.ETH_P_8021Q);
            case 4 ->
                length = FrameWriter.udp(at, NODE.vtepMac(), POD_A.podIp().toInt(), POD_B.podIp().toInt(), 0, 53, 64);
            default -> FrameWriter.setWord(at, 18, port); // no such pod
        }
        fromA(at, length);
    }

    private void fromA(long at, int length) {
        batch.add(at, length, POD_A.id());
    }

    private void tunnelled(long at, int innerLength) {
        batch.add(at, FrameWriter.tunnelled(at, scene.fromPeer, innerLength), PortId.UPLINK);
    }

    /** A sleeping worker rarely calls this; until it is compiled each call allocates. */
    private static void warmPoll() {
        Poll poll = new Poll(1);
        for (int i = 0; i < POLLS; i++) {
            poll.poll(0);
        }
    }
}
