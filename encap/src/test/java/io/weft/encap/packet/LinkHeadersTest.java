package io.weft.encap.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.Frames;
import io.weft.encap.memory.Memory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Ethernet, VLAN tags and ARP. */
class LinkHeadersTest {
    private static final long MAC_A = 0x0200_0000_000AL;
    private static final long MAC_B = 0xFE80_9182_A3B4L;
    private static final String REQUEST = "0001 0800 06 04 0001 02000000000a 0af40105 000000000000 0af40101";

    private final Frames frames = new Frames(1);

    @AfterEach
    void free() {
        frames.close();
    }

    @Test
    void readsEthernet() {
        long at = frames.putAtEnd("fe809182a3b4 02000000000a 0800");
        assertEquals(MAC_B, EthernetHeader.destination(at));
        assertEquals(MAC_A, EthernetHeader.source(at));
        assertEquals(EthernetHeader.ETH_P_IP, EthernetHeader.type(at));
        assertEquals(0, EthernetHeader.validate(14));
        assertEquals(HeaderError.TRUNCATED, EthernetHeader.validate(13));
    }

    @Test
    void writesEthernet() {
        long at = frames.atEnd(14);
        EthernetHeader.write(at, MAC_B, MAC_A, EthernetHeader.ETH_P_ARP);
        assertEquals("fe809182a3b402000000000a0806", Frames.hex(at, 14));
        EthernetHeader.reply(at, 0x0666_6666_6666L);
        assertEquals("02000000000a0666666666660806", Frames.hex(at, 14));
        EthernetHeader.setDestination(at, MAC_B);
        EthernetHeader.setSource(at, MAC_A);
        EthernetHeader.setType(at, EthernetHeader.ETH_P_IPV6);
        assertEquals("fe809182a3b402000000000a86dd", Frames.hex(at, 14));
    }

    @Test
    void groupAddresses() {
        assertTrue(EthernetHeader.isGroup(EthernetHeader.BROADCAST));
        assertTrue(EthernetHeader.isGroup(0x0100_5E00_0001L));
        assertFalse(EthernetHeader.isGroup(MAC_A));
        assertFalse(EthernetHeader.isGroup(MAC_B));
    }

    @Test
    void vlanTag() {
        long at = frames.putAtEnd("b064 0800");
        assertEquals(0x064, VlanTag.id(at));
        assertEquals(5, VlanTag.priority(at));
        assertEquals(EthernetHeader.ETH_P_IP, VlanTag.type(at));
        VlanTag.write(at, 0xFFF, 7, EthernetHeader.ETH_P_8021Q);
        assertEquals("efff8100", Frames.hex(at, 4));
        assertTrue(VlanTag.isTag(0x8100) && VlanTag.isTag(0x88A8));
        assertFalse(VlanTag.isTag(0x0800));
        assertEquals(HeaderError.TRUNCATED, VlanTag.validate(3));
        assertEquals(0, VlanTag.validate(4));
    }

    @Test
    void readsAnArpRequest() {
        long at = frames.putAtEnd(REQUEST);
        assertEquals(0, ArpPacket.validate(at, 28));
        assertEquals(ArpPacket.ARPOP_REQUEST, ArpPacket.operation(at));
        assertEquals(MAC_A, ArpPacket.senderMac(at));
        assertEquals(0x0AF40105, ArpPacket.senderIp(at));
        assertEquals(0, ArpPacket.targetMac(at));
        assertEquals(0x0AF40101, ArpPacket.targetIp(at));
    }

    @Test
    void answersAnArpRequestInPlace() {
        long at = frames.putAtEnd(REQUEST);
        ArpPacket.reply(at, MAC_B);
        assertEquals("0001080006040002" + "fe809182a3b40af40101" + "02000000000a0af40105", Frames.hex(at, 28));
    }

    @Test
    void writesAnArpRequest() {
        long at = frames.atEnd(28);
        ArpPacket.writeRequest(at, MAC_A, 0x0AF40105, 0x0AF40101);
        assertEquals(REQUEST.replace(" ", ""), Frames.hex(at, 28));
        ArpPacket.write(at, 2, -1L >>> 16, -1, -1L >>> 16, -1);
        assertEquals("0001080006040002" + "ff".repeat(20), Frames.hex(at, 28));
    }

    @Test
    void refusesOtherArp() {
        for (int length = 0; length < 28; length++) {
            assertEquals(HeaderError.TRUNCATED, ArpPacket.validate(frames.atEnd(length), length));
        }
        for (int offset = 0; offset < 6; offset++) {
            long at = frames.putAtEnd(REQUEST);
            Memory.putU8(at + offset, 200);
            assertEquals(HeaderError.ARP_UNSUPPORTED, ArpPacket.validate(at, 28));
        }
    }
}
