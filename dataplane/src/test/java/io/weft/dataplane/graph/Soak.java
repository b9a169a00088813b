package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.SYN;

import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.MemoryPort;
import io.weft.encap.memory.Memory;
import io.weft.lb.flow.Epochs;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowTimeouts;
import java.util.ArrayList;
import java.util.List;

/**
 * Drives millions of frames of every kind through the graph without allocating by itself: hits, new flows with expiry, encapsulation and
 * decapsulation, NAT both ways, fragments, ICMP of all sorts, ARP, answers, drops.
 *
 * <p>Its {@link #main} is for a JVM that never collects: it ends with an OutOfMemoryError when anything is allocated for a frame.
 */
final class Soak implements AutoCloseable {
    private static final int CHUNKS = 256;
    private static final int MAX_FLOWS = 1 << 14;
    private static final int BATCHES_PER_SCAN = 64;
    private static final long SECOND = 1_000_000_000;

    private final GraphFixture node = new GraphFixture(CHUNKS, MAX_FLOWS, MemoryPort.Sent.RECYCLED);
    private final FlowExpiry expiry;
    private final long[] templates;
    private final int[] lengths;
    private final int[] ports;
    private final boolean[] fresh;
    private int next;
    private int batches;
    private int newPort;
    private long epoch = 1;

    /** @param fresh every frame of this template gets another source port, and so another flow */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Template(int port, byte[] frame, boolean fresh) {
    }

    Soak() {
        List<Template> all = templates();
        templates = new long[all.size()];
        lengths = new int[all.size()];
        ports = new int[all.size()];
        fresh = new boolean[all.size()];
        for (int i = 0; i < templates.length; i++) {
            byte[] frame = all.get(i).frame();
            templates[i] = node.map(4096);
            Memory.copyIn(frame, 0, templates[i], frame.length);
            lengths[i] = frame.length;
            ports[i] = all.get(i).port();
            fresh[i] = all.get(i).fresh();
        }
        Epochs epochs = new Epochs() {
            @Override
            public long current() {
                return epoch;
            }

            @Override
            public boolean passed(long past) {
                return past < epoch; // between two batches no line is in use
            }
        };
        expiry = new FlowExpiry(node.flows, FlowTimeouts.defaults(), epochs,
            (forward, k0, k1) -> io.weft.lb.nat.SourceNat.onEnd(node.snatPorts, forward, k0, k1));
    }

    /** Frames until at least {@code count} more have gone through. */
    void run(long count) {
        long end = node.total(FrameTotal.RECEIVED) + count;
        while (node.total(FrameTotal.RECEIVED) < end) {
            for (int i = 0; i < 64; i++) {
                offer();
            }
            node.forwardAll();
            if (++batches % BATCHES_PER_SCAN == 0) {
                scan();
            }
        }
    }

    GraphFixture node() {
        return node;
    }

    private void offer() {
        int i = next;
        next = next + 1 == templates.length ? 0 : next + 1;
        long at = node.pool.allocate() + FramePool.HEADROOM;
        Memory.copy(templates[i], at, lengths[i]);
        if (fresh[i]) {
            newPort = newPort % 60_000 + 1;
            Memory.putU16(at + 34, newPort + 1000);
        }
        node.ports[ports[i]].offer(at, lengths[i]);
    }

    /** Two passes, so that lines of ended flows become free, and then empty. */
    private void scan() {
        node.now += 20 * SECOND;
        for (int pass = 0; pass < 2; pass++) {
            epoch++;
            expiry.scan((int) (node.now / SECOND), node.flows.slotCount(), null);
        }
    }

    private static List<Template> templates() {
        List<Template> all = new ArrayList<>();
        Packet.Checksum none = Packet.Checksum.NONE;
        Packet.Checksum partial = Packet.Checksum.PARTIAL;
        known(all, Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(30)));
        known(all, Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(30)));
        known(all, Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(301)).checksum(partial));
        known(all, Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, SYN).checksum(partial));
        known(all, Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, ACK, Packet.payload(500)));
        known(all, Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, ACK | Packet.FIN));
        known(all, Packet.of("10.244.1.2", "10.244.2.9").tcp(1000, 80, ACK));
        known(all, Packet.of("10.244.1.2", "10.244.2.9").tcp(1000, 80, Packet.RST));
        known(all, Packet.of("10.244.1.2", "203.0.113.5").echo(5, 1, Packet.payload(56)));
        known(all, Packet.of("10.244.1.2", "10.96.0.12").tcp(1000, 80, SYN));
        known(all, Packet.of("10.244.1.2", "192.0.2.11").tcp(1000, 22, SYN));
        known(all, Packet.of("10.244.1.2", "10.244.1.1").echo(5, 1));
        known(all, Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000).ttl(1));
        known(all, Packet.of("10.244.1.2", "10.244.2.9").udp(1000, 2000, Packet.payload(1460)));
        known(all, Packet.of("10.244.1.2", "10.244.2.9").udp(1000, 2000, Packet.payload(1460)).fragment(0));
        known(all, Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, new byte[24]).fragment(0x2000));
        known(all, Packet.of("10.244.1.2", "10.244.1.3").protocol(17, new byte[24]).fragment(0x0004));
        known(all, Packet.of("10.244.1.2", "10.96.0.10").protocol(17, new byte[24]).fragment(0x0004));
        known(all, Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, new byte[24]).fragment(0x2000));
        known(all, Packet.of("10.244.1.2", "10.96.0.11").tcp(1000, 80, SYN));
        known(all, Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 99));
        known(all, Packet.of("10.244.1.2", "10.96.0.10").tcp(1000, 80, Packet.RST));
        known(all, Packet.of("10.244.1.2", "10.244.1.99").udp(1000, 99));
        known(all, Packet.of("10.244.1.2", "10.244.1.3").udp(1, 2).options(7, 7, 4, 0, 0, 0, 0, 0));
        known(all, Packet.of("10.244.1.3", "10.244.2.9").udp(1000, 2000));
        known(all, Packet.of("10.244.1.2", "10.244.1.3")
            .icmp(3, 3, 0, Packet.of("10.244.1.3", "10.244.1.2").udp(2000, 1000, Packet.payload(30)).ip()));
        fresh(all, Packet.of("10.244.1.2", "10.244.1.3").udp(1000, 2000, Packet.payload(30)).checksum(none));
        fresh(all, Packet.of("10.244.1.2", "10.96.0.10").udp(1000, 53, Packet.payload(30)).checksum(none));
        fresh(all, Packet.of("10.244.1.2", "203.0.113.6").udp(1000, 53, Packet.payload(30)).checksum(none));
        all.add(new Template(POD_A, Arp.request(POD_A_MAC, "10.244.1.2", "10.244.1.1"), false));
        all.add(new Template(POD_A, Arp.request(POD_A_MAC, "10.244.1.3", "10.244.1.1"), false));
        all.add(new Template(POD_A, new byte[20], false));
        all.add(new Template(HOST, fromHost(Packet.of("10.244.1.0", "10.96.0.10").tcp(1000, 80, SYN)), false));
        all.add(new Template(HOST, fromHost(Packet.of("10.244.1.0", "10.244.2.9").udp(1000, 80)), false));
        all.add(new Template(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.2").tcp(80, 1000, ACK)), false));
        all.add(new Template(UPLINK, fromN2(Packet.of("10.244.2.5", "10.244.1.2").udp(53, 1000, new byte[40])), false));
        all.add(new Template(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.3.2").udp(53, 1000)), false));
        all.add(
            new Template(UPLINK, fromWire(Packet.of("192.0.2.99", "192.0.2.11").udp(53, 8472, new byte[60])), false));
        all.add(new Template(UPLINK, fromWire(Packet.of("203.0.113.9", "192.0.2.11").tcp(53, 22, SYN)), false));
        all.add(new Template(UPLINK, fromWire(Packet.of("203.0.113.9", "10.244.1.2").tcp(53, 22, SYN)), false));
        return all;
    }

    private static void known(List<Template> all, Packet packet) {
        all.add(new Template(POD_A, fromA(packet), false));
    }

    private static void fresh(List<Template> all, Packet packet) {
        all.add(new Template(POD_A, fromA(packet), true));
    }

    @Override
    public void close() {
        node.close();
    }

    public static void main(String[] args) {
        try (Soak soak = new Soak()) {
            soak.run(Long.parseLong(args[0]));
            soak.node.checkAccounts();
            System.out.println(soak.node.total(FrameTotal.RECEIVED) + " frames");
        }
    }
}
