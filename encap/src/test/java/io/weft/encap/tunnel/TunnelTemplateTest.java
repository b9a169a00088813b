package io.weft.encap.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.Frames;
import io.weft.encap.Packets;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.UdpHeader;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TunnelTemplateTest {
    private static final long NEXT_HOP = 0x0200_0000_0002L;
    private static final long OWN = 0x0200_0000_0001L;
    private static final int NODE_1 = 0xC0000201;
    private static final int NODE_2 = 0xC0000202;
    private static final long INNER_TO = 0x0200_0000_0202L;
    private static final long INNER_FROM = 0x0200_0000_0101L;
    private static final Tunnel TUNNEL = new Tunnel(Encapsulation.VXLAN, NEXT_HOP, OWN, NODE_1, NODE_2,
        VxlanHeader.LINUX_PORT, 1,
        INNER_TO, INNER_FROM);
    private static final int SEQUENCE_OFFSET = 128;

    private final Frames frames = new Frames(4);
    private final long slot = frames.at();
    private final Random random = new Random(7348);

    @AfterEach
    void free() {
        frames.close();
    }

    private void write() {
        TunnelTemplate.write(slot, TUNNEL);
    }

    @Test
    void writesTheWholeOuterHeader() {
        write();
        long frameAt = frames.at() + 1024 + 6;
        assertEquals(64, TunnelTemplate.encap(slot, frameAt + 14, 84, 0xFFFF_8123, 0));
        String expected = "020000000002" + "020000000001" + "0800"
            + "4500" + "0086" + "0000" + "4000" + "4011" + "b663" + "c0000201" + "c0000202"
            + "c123" + "2118" + "0072" + "0000"
            + "08000000" + "00000100"
            + "020000000202" + "020000000101" + "0800";
        assertEquals(expected, Frames.hex(frameAt - 50, 64));
    }

    @Test
    void everyLengthTosAndHashGivesValidHeadersAndTouchesNothingElse() {
        write();
        for (int i = 0; i < 50_000; i++) {
            int innerLength = i < 65_486 - 14 ? 14 + i : 65_485;
            int tos = random.nextInt(256);
            int hash = random.nextInt();
            long frameAt = frames.at() + 1024 + i % 8;
            Memory.putI64(frameAt - 58, 0x1122334455667788L);
            Memory.putI64(frameAt + 14, 0x99AABBCCDDEEFF00L);
            assertEquals(64, TunnelTemplate.encap(slot, frameAt + 14, innerLength - 14, hash, tos));
            assertOuter(frameAt - 50, innerLength, hash, tos);
            assertEquals(0x1122334455667788L, Memory.i64(frameAt - 58));
            assertEquals(0x99AABBCCDDEEFF00L, Memory.i64(frameAt + 14));
        }
    }

    /** Every base sum, with the largest length and TOS: each way the carries can go. */
    @Test
    void everyBaseSumGivesAValidChecksum() {
        long frameAt = frames.at() + 1024;
        for (int low = 0; low <= 0xFFFF; low++) {
            TunnelTemplate.write(slot,
                new Tunnel(Encapsulation.VXLAN, NEXT_HOP, OWN, NODE_1 & 0xFFFF_0000 | low, NODE_2,
                    VxlanHeader.LINUX_PORT, 1, INNER_TO, INNER_FROM));
            assertEquals(64, TunnelTemplate.encap(slot, frameAt + 14, 65_471, low, 255));
            assertOuter(frameAt - 50, 65_485, low, 255);
        }
    }

    private static void assertOuter(long outer, int innerLength, int hash, int tos) {
        long ipAt = outer + 14;
        assertEquals(0, Ipv4Header.validate(ipAt, innerLength + 36));
        assertEquals(innerLength + 36, Ipv4Header.totalLength(ipAt));
        int checksum = Ipv4Header.checksum(ipAt);
        Ipv4Header.writeChecksum(ipAt);
        assertEquals(Ipv4Header.checksum(ipAt), checksum);
        assertEquals(tos, Ipv4Header.tos(ipAt));
        long udpAt = ipAt + 20;
        assertEquals(0xC000 | hash & 0x3FFF, UdpHeader.sourcePort(udpAt));
        assertEquals(innerLength + 16, UdpHeader.length(udpAt));
        assertEquals(0, UdpHeader.checksum(udpAt));
        assertEquals(1, VxlanHeader.vni(udpAt + 8));
    }

    @Test
    void emptyAndWithdrawnSlotsRefuse() {
        long frameAt = frames.at() + 1024;
        assertFalse(TunnelTemplate.isReady(slot));
        assertEquals(0, TunnelTemplate.encap(slot, frameAt + 14, 86, 1, 0));
        write();
        assertTrue(TunnelTemplate.isReady(slot));
        TunnelTemplate.withdraw(slot);
        assertFalse(TunnelTemplate.isReady(slot));
        assertEquals(0, TunnelTemplate.encap(slot, frameAt + 14, 86, 1, 0));
        assertEquals("00".repeat(64), Frames.hex(frameAt - 50, 64));
        write();
        assertEquals(64, TunnelTemplate.encap(slot, frameAt + 14, 86, 1, 0));
    }

    /** The writer of another process may die between its copies: readers go on, and the next writer finds its way. */
    @Test
    void aWriterThatDiedHalfwayStopsNobody() {
        write();
        long frameAt = frames.at() + 1024;
        Memory.copy(slot, slot + 64, 64);
        Memory.setReleaseI64(slot + SEQUENCE_OFFSET, Memory.getAcquireI64(slot + SEQUENCE_OFFSET) + 1);
        Memory.zero(slot, 20);
        assertEquals(64, TunnelTemplate.encap(slot, frameAt + 14, 86, 5, 0));
        assertEquals(NEXT_HOP, EthernetHeader.destination(frameAt - 50));
        TunnelTemplate.write(slot,
            new Tunnel(Encapsulation.VXLAN, OWN, NEXT_HOP, NODE_2, NODE_1, 4789, 2, INNER_FROM, INNER_TO));
        assertEquals(64, TunnelTemplate.encap(slot, frameAt + 14, 86, 5, 0));
        assertEquals(OWN, EthernetHeader.destination(frameAt - 50));
        assertEquals(2, VxlanHeader.vni(frameAt - 8));
        assertEquals(0, Memory.getAcquireI64(slot + SEQUENCE_OFFSET) & 1);
    }

    /** Generation g is written into every field; a mixture of two would show. */
    @Test
    void readersNeverSeeHalfATemplate() throws InterruptedException {
        writeGeneration(0);
        AtomicBoolean stop = new AtomicBoolean();
        Thread writer = Thread.ofPlatform().start(() -> {
            for (int g = 1; !stop.get(); g++) {
                writeGeneration(g & 0x3FFF);
            }
        });
        long frameAt = frames.at() + 1024;
        try {
            int changes = 0;
            long last = 0;
            for (int i = 0; i < 2_000_000 || changes < 100 && i < 200_000_000; i++) {
                assertEquals(64, TunnelTemplate.encap(slot, frameAt + 14, 86, i, 0));
                long generation = assertOneGeneration(frameAt - 50);
                changes += generation != last ? 1 : 0;
                last = generation;
            }
        } finally {
            stop.set(true);
            writer.join();
        }
    }

    private void writeGeneration(int g) {
        TunnelTemplate.write(slot, new Tunnel(Encapsulation.VXLAN, g, g, g, g, g, g, g, g));
    }

    private static long assertOneGeneration(long outer) {
        long g = EthernetHeader.destination(outer);
        boolean one = EthernetHeader.source(outer) == g && Ipv4Header.source(outer + 14) == g
            && Ipv4Header.destination(outer + 14) == g
            && UdpHeader.destinationPort(outer + 34) == g && VxlanHeader.vni(outer + 42) == g
            && EthernetHeader.destination(outer + 50) == g && EthernetHeader.source(outer + 50) == g
            && Ipv4Header.protocol(outer + 14) == IpProtocol.IPPROTO_UDP && Packets.ipChecksumIsRight(outer + 14);
        assertTrue(one, () -> Frames.hex(outer, 50));
        return g;
    }
}
