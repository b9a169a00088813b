package io.weft.dataplane.graph;

import static io.weft.dataplane.graph.GraphFixture.*;
import static io.weft.dataplane.graph.Packet.ACK;
import static io.weft.dataplane.graph.Packet.SYN;

import io.weft.dataplane.counters.DropReason;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/**
 * Random frames of every kind, good and bad, for one {@link GraphFixture}. Each carries its own number in every 4 bytes of its payload, so that
 * a byte of another frame shows. A seed gives the same frames again.
 */
final class Traffic {
    private static final int FLOWS = 64;
    private static final int SMALLEST = 8;

    private final Random random;
    private int number;

    Traffic(long seed) {
        random = new Random(seed);
    }

    /**
     * @param port that receives it
     * @param reason for which it has to be dropped, or null when it has to arrive
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Frame(int port, byte[] bytes, DropReason reason) {
    }

    int number() {
        return number;
    }

    /** The number of the next frame, over and over. */
    private byte[] payload() {
        int words = SMALLEST / 4 + random.nextInt(40);
        ByteBuffer bytes = ByteBuffer.allocate(4 * words);
        number++;
        for (int i = 0; i < words; i++) {
            bytes.putInt(number);
        }
        return bytes.array();
    }

    private int port() {
        return 1024 + random.nextInt(FLOWS);
    }

    // -- good --------------------------------------------------------------------------------------------------------

    Frame good() {
        return switch (random.nextInt(12)) {
            case 0 -> pod(Packet.of("10.244.1.2", "10.244.1.3").udp(port(), 2000, payload()));
            case 1 -> pod(Packet.of("10.244.1.2", "10.244.2.9").udp(port(), 2000, payload()));
            case 2 -> pod(Packet.of("10.244.1.2", "10.96.0.10").udp(port(), 53, payload()));
            case 3 -> pod(Packet.of("10.244.1.2", "10.96.0.10").tcp(port(), 80, SYN, payload()));
            case 4 -> pod(Packet.of("10.244.1.2", "203.0.113.5").udp(port(), 53, payload()));
            case 5 -> pod(Packet.of("10.244.1.2", "192.0.2.11").tcp(port(), 22, SYN, payload()));
            case 6 -> pod(Packet.of("10.244.1.2", "10.244.1.1").echo(port(), 1, payload()));
            case 7 -> pod(Packet.of("10.244.1.2", "10.96.0.12").tcp(port(), 80, SYN, payload()));
            case 8 -> tunnel(Packet.of("10.244.2.9", "10.244.1.2").tcp(port(), 80, ACK, payload()));
            case 9 -> tunnel(Packet.of("10.244.2.9", "10.244.1.3").echo(port(), 1, payload()));
            case 10 ->
                new Frame(HOST, fromHost(vary(Packet.of("10.244.1.0", "10.244.2.8").udp(port(), 9, payload()))), null);
            default -> new Frame(POD_A, fromA(vary(fragment()).checksum(Packet.Checksum.NONE)), null);
        };
    }

    private Packet fragment() {
        return random.nextBoolean()
            ? Packet.of("10.244.1.2", "10.244.2.9").udp(port(), 2000, new byte[24]).fragment(0x2000)
            : Packet.of("10.244.1.2", "10.244.2.9").protocol(17, payload()).fragment(0x0004);
    }

    private Frame pod(Packet packet) {
        return new Frame(POD_A, fromA(vary(packet)), null);
    }

    private Frame tunnel(Packet packet) {
        return new Frame(UPLINK, fromN2(vary(packet)), null);
    }

    private Packet vary(Packet packet) {
        packet.ttl(2 + random.nextInt(200));
        if (random.nextInt(4) == 0) {
            packet.checksum(Packet.Checksum.PARTIAL);
        }
        return random.nextInt(8) == 0 ? packet.trailer(random.nextInt(20)) : packet;
    }

    // -- bad ---------------------------------------------------------------------------------------------------------

    Frame bad() {
        return switch (random.nextInt(26)) {
            case 0, 1 -> cut(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.1.2").tcp(port(), 80, SYN, payload())));
            case 2, 3 -> cut(POD_A, fromA(Packet.of("10.244.1.2", "10.96.0.10").tcp(port(), 80, SYN, payload())));
            case 4 -> cutInside();
            case 5 -> changed(14, 0x40 | random.nextInt(5), DropReason.IP4_BAD_IHL);
            case 6 -> changed(14, 0x55, DropReason.IP4_BAD_VERSION);
            case 7 -> changed(17, random.nextInt(20), DropReason.IP4_BAD_TOTAL_LENGTH);
            case 8 -> wrongIpChecksum();
            case 9 -> bad(good("10.244.1.3").ttl(random.nextInt(2)), DropReason.TTL_EXPIRED);
            case 10 -> bad(Packet.of("10.244.1.2", "10.96.0.10").protocol(6, new byte[16]).fragment(0x2000),
                DropReason.FRAG_TINY);
            case 11 -> bad(good("10.244.1.3").type(0x8100), DropReason.VLAN_FILTERED);
            case 12 -> wire(0, "192.0.2.12", DropReason.VXLAN_UNKNOWN_VNI);
            case 13 -> wire(1, "192.0.2." + (100 + random.nextInt(100)), DropReason.VXLAN_UNKNOWN_PEER);
            case 14 ->
                bad(Packet.of("10.244.1.2", "192.0.2.11").udp(port(), 8472, payload()), DropReason.ENCAP_FROM_POD);
            case 15 -> bad(Packet.of("10.244.1." + (3 + random.nextInt(100)), "10.244.2.9").udp(port(), 1, payload()),
                DropReason.SPOOFED_SOURCE);
            case 16 -> new Frame(UPLINK, fromN2(Packet.of("10.244.3.9", "10.244.1.2").udp(port(), 1, payload())),
                DropReason.SPOOFED_SOURCE);
            case 17 -> bad(Packet.of("127.0.0.1", "10.244.1.3").udp(port(), 1, payload()), DropReason.MARTIAN_SOURCE);
            case 18 ->
                bad(Packet.of("10.244.1.2", "224.0.0.5").udp(port(), 1, payload()), DropReason.MARTIAN_DESTINATION);
            case 19 ->
                bad(Packet.of("10.244.1.2", "10.244.1.3").tcp(port(), 1, 0x29, payload()), DropReason.TCP_BAD_FLAGS);
            case 20 -> new Frame(UPLINK, fromN2(Packet.of("10.244.2.9", "10.244.3.9").udp(port(), 1, payload())),
                DropReason.NO_TUNNEL_TO_TUNNEL);
            case 21 -> new Frame(UPLINK, fromWire(Packet.of("203.0.113.5", "10.244.1.2").udp(port(), 1, payload())),
                DropReason.NO_DIRECT_POD_ACCESS);
            case 22 -> bad(Packet.of("10.244.1.2", "10.96.0.11").tcp(port(), 80, SYN, payload()),
                DropReason.SERVICE_NO_ENDPOINTS);
            case 23 ->
                bad(Packet.of("10.244.1.2", "10.96.0.10").udp(port(), 99, payload()), DropReason.SERVICE_NO_PORT);
            case 24 -> bad(Packet.of("10.244.1.2", "10.244.1.200").udp(port(), 99, payload()), DropReason.NO_SUCH_POD);
            default -> bad(good("10.244.1.3").ethernet(POD_B_MAC, POD_A_MAC), POD_A, DropReason.NOT_OUR_MAC);
        };
    }

    private Packet good(String destination) {
        return Packet.of("10.244.1.2", destination).udp(port(), 2000, payload());
    }

    private static Frame bad(Packet packet, DropReason reason) {
        return new Frame(POD_A, fromA(packet), reason);
    }

    private static Frame bad(Packet packet, int port, DropReason reason) {
        return new Frame(port, packet.frame(), reason);
    }

    private Frame cut(int port, byte[] frame) {
        return new Frame(port, Arrays.copyOf(frame, random.nextInt(frame.length)), DropReason.TRUNCATED);
    }

    /** The tunnel's headers are whole and right; the frame in it is cut. */
    private Frame cutInside() {
        byte[] inner = Packet.of("10.244.2.9", "10.244.1.2").tcp(port(), 80, SYN, payload())
            .ethernet(VTEP_MAC, N2_VTEP_MAC)
            .frame();
        byte[] cut = Arrays.copyOf(inner, random.nextInt(inner.length));
        byte[] frame = Packet.vxlan("192.0.2.12", "192.0.2.11", 1, cut).ethernet(UPLINK_MAC, N2_MAC).frame();
        return new Frame(UPLINK, frame, DropReason.TRUNCATED);
    }

    private Frame changed(int at, int value, DropReason reason) {
        byte[] frame = fromA(good("10.244.1.3"));
        frame[at] = (byte) value;
        Packet.setShort(frame, 24, 0);
        Packet.setShort(frame, 24, ~Packet.fold(Packet.sum(frame, 14, 20)));
        return new Frame(POD_A, frame, reason);
    }

    private Frame wrongIpChecksum() {
        byte[] frame = fromA(good("10.244.1.3"));
        Packet.setShort(frame, 24, Packet.u16(frame, 24) + 1 + random.nextInt(1000));
        return new Frame(POD_A, frame, DropReason.IP4_BAD_CHECKSUM);
    }

    private Frame wire(int vni, String from, DropReason reason) {
        byte[] inner = Packet.of("10.244.2.9", "10.244.1.2").udp(port(), 80, payload()).ethernet(VTEP_MAC, N2_VTEP_MAC)
            .frame();
        return new Frame(UPLINK, Packet.vxlan(from, "192.0.2.11", vni, inner).ethernet(UPLINK_MAC, N2_MAC).frame(),
            reason);
    }
}
