package io.weft.encap.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.Frames;
import io.weft.encap.Packets;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class L4ChecksumTest {
    private static final int ROUNDS = 2000;

    private final Frames frames = new Frames(1);
    private final Random random = new Random(768);
    private long ipAt;
    private long l4At;
    private int l4Length;
    private int addressDelta;
    private int fullDelta;

    @AfterEach
    void free() {
        frames.close();
    }

    private void write(int protocol) {
        int dataLength = random.nextInt(100);
        ipAt = frames.at();
        int totalLength = Packets.write(random, ipAt, protocol, dataLength);
        l4At = ipAt + 20;
        l4Length = totalLength - 20;
    }

    private void makePartial(int protocol) {
        Memory.putU16(l4At + L4Checksum.fieldOffset(protocol), Packets.pseudoHeaderSum(ipAt));
    }

    /** Changes addresses and ports, without any checksum, and computes the two deltas. */
    private void translate() {
        long addresses = random.nextLong();
        int ports = random.nextInt();
        addressDelta = InternetChecksum.delta64(Ipv4Header.addresses(ipAt), addresses);
        fullDelta = InternetChecksum.addDelta(addressDelta, InternetChecksum.delta32(Layer4.ports(l4At), ports));
        Ipv4Header.setAddresses(ipAt, addresses);
        Layer4.setPorts(l4At, ports);
    }

    private int field(int protocol) {
        return Memory.u16(l4At + L4Checksum.fieldOffset(protocol));
    }

    @ParameterizedTest
    @ValueSource(ints = {IpProtocol.IPPROTO_TCP, IpProtocol.IPPROTO_UDP})
    void partialStaysPartialThroughNatAndIsRightOnceCompleted(int protocol) {
        for (int i = 0; i < ROUNDS; i++) {
            write(protocol);
            makePartial(protocol);
            int kind = L4Checksum.classify(ipAt, l4At, l4Length, protocol);
            assertEquals(L4Checksum.PARTIAL, kind);
            translate();
            L4Checksum.applyDelta(kind, l4At, protocol, addressDelta, fullDelta);
            assertEquals(Packets.pseudoHeaderSum(ipAt), field(protocol));
            assertTrue(L4Checksum.isPartial(ipAt, l4At, l4Length, protocol));
            L4Checksum.complete(l4At, l4Length, protocol);
            assertEquals(0, Packets.l4Checksum(ipAt));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {IpProtocol.IPPROTO_TCP, IpProtocol.IPPROTO_UDP})
    void rightStaysRightAndWrongStaysWrongThroughNat(int protocol) {
        for (int i = 0; i < ROUNDS; i++) {
            write(protocol);
            int error = i % 2 == 0 ? 0 : random.nextInt(1, 0xFFFF);
            int offset = L4Checksum.fieldOffset(protocol);
            int stored = (field(protocol) + error) % 0xFFFF;
            Memory.putU16(l4At + offset, stored == 0 ? 0xFFFF : stored);
            translate();
            L4Checksum.applyDelta(L4Checksum.FULL, l4At, protocol, addressDelta, fullDelta);
            assertEquals(error == 0, Packets.l4Checksum(ipAt) == 0);
        }
    }

    @Test
    void aFullChecksumIsRarelyClassifiedAsPartial() {
        int partial = 0;
        for (int i = 0; i < ROUNDS; i++) {
            write(IpProtocol.IPPROTO_TCP);
            partial += L4Checksum.isPartial(ipAt, l4At, l4Length, IpProtocol.IPPROTO_TCP) ? 1 : 0;
        }
        assertTrue(partial < 5, "of " + ROUNDS + ": " + partial);
    }

    @Test
    void completingAFullChecksumThatLooksPartialKeepsItRight() {
        write(IpProtocol.IPPROTO_UDP);
        makePartial(IpProtocol.IPPROTO_UDP);
        L4Checksum.complete(l4At, l4Length, IpProtocol.IPPROTO_UDP);
        assertEquals(L4Checksum.FULL, L4Checksum.classify(ipAt, l4At, l4Length, IpProtocol.IPPROTO_UDP));
        assertEquals(0, Packets.l4Checksum(ipAt));
    }

    @Test
    void udpWithoutChecksumStaysWithout() {
        write(IpProtocol.IPPROTO_UDP);
        Memory.putU16(l4At + 6, 0);
        int kind = L4Checksum.classify(ipAt, l4At, l4Length, IpProtocol.IPPROTO_UDP);
        assertEquals(L4Checksum.NONE, kind);
        translate();
        L4Checksum.applyDelta(kind, l4At, IpProtocol.IPPROTO_UDP, addressDelta, fullDelta);
        assertEquals(0, field(IpProtocol.IPPROTO_UDP));
    }

    @Test
    void aTcpChecksumOfZeroIsFull() {
        write(IpProtocol.IPPROTO_TCP);
        Memory.putU16(l4At + 16, 0);
        assertEquals(L4Checksum.FULL, L4Checksum.classify(ipAt, l4At, l4Length, IpProtocol.IPPROTO_TCP));
    }

    @Test
    void otherProtocolsHaveNone() {
        write(IpProtocol.IPPROTO_ICMP);
        assertEquals(L4Checksum.NONE, L4Checksum.classify(ipAt, l4At, l4Length, IpProtocol.IPPROTO_ICMP));
        assertFalse(L4Checksum.isPartial(ipAt, l4At, l4Length, IpProtocol.IPPROTO_ICMP));
    }

    /** The last data word is chosen so that the computed checksum is 0. */
    @Test
    void computedUdpZeroIsSentAsAllOnes() {
        Packets.write(random, frames.at(), IpProtocol.IPPROTO_UDP, 2);
        ipAt = frames.at();
        l4At = ipAt + 20;
        l4Length = 10;
        Memory.putU16(l4At + 6, 0);
        Memory.putU16(l4At + 8, 0);
        Memory.putU16(l4At + 8, Packets.l4Checksum(ipAt));
        makePartial(IpProtocol.IPPROTO_UDP);
        L4Checksum.complete(l4At, l4Length, IpProtocol.IPPROTO_UDP);
        assertEquals(0xFFFF, field(IpProtocol.IPPROTO_UDP));
        L4Checksum.applyDelta(L4Checksum.FULL, l4At, IpProtocol.IPPROTO_UDP, 0, 0);
        assertEquals(0xFFFF, field(IpProtocol.IPPROTO_UDP));
        L4Checksum.applyDelta(L4Checksum.FULL, l4At, IpProtocol.IPPROTO_UDP, 0xFFFF, 0xFFFF);
        assertEquals(0xFFFF, field(IpProtocol.IPPROTO_UDP));
    }

    /** All field values with all deltas: UDP with a checksum never becomes UDP without one. */
    @Test
    void natNeverMakesAUdpChecksumZero() {
        l4At = frames.at();
        for (int field = 1; field <= 0xFFFF; field++) {
            for (int delta = 0; delta <= 0xFFFF; delta += 0x5555) {
                Memory.putU16(l4At + 6, field);
                L4Checksum.applyDelta(L4Checksum.FULL, l4At, IpProtocol.IPPROTO_UDP, delta, delta);
                assertTrue(field(IpProtocol.IPPROTO_UDP) != 0);
                Memory.putU16(l4At + 6, field);
                L4Checksum.applyDelta(L4Checksum.PARTIAL, l4At, IpProtocol.IPPROTO_UDP, delta, delta);
                assertTrue(field(IpProtocol.IPPROTO_UDP) != 0);
            }
        }
    }
}
