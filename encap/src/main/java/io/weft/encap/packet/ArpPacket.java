package io.weft.encap.packet;

import io.weft.encap.memory.Memory;

/**
 * ARP for IPv4 over Ethernet (RFC 826). {@code at} is the address behind the Ethernet header; call {@link #validate} once before reading.
 * MAC addresses are as in {@link EthernetHeader}, IPv4 addresses are numeric.
 */
public final class ArpPacket {
    public static final int LENGTH = 28;
    public static final int ARPOP_REQUEST = 1;
    public static final int ARPOP_REPLY = 2;

    /** Hardware type 1 (Ethernet) and protocol type 0x0800, one word. */
    private static final int ETHERNET_IPV4 = 0x0001_0800;
    /** Hardware length 6 and protocol length 4, in one 16-bit word. */
    private static final int LENGTHS_6_4 = 0x0604;

    private static final int LENGTHS_OFFSET = 4;
    private static final int OPERATION_OFFSET = 6;
    private static final int SENDER_MAC_OFFSET = 8;
    private static final int SENDER_IP_OFFSET = 14;
    private static final int TARGET_MAC_OFFSET = 18;
    private static final int TARGET_IP_OFFSET = 24;

    private ArpPacket() {
    }

    /** @return 0, {@link HeaderError#TRUNCATED} or {@link HeaderError#ARP_UNSUPPORTED} */
    public static int validate(long at, int remaining) {
        if (remaining < LENGTH) { return HeaderError.TRUNCATED; }
        boolean supported = Memory.i32(at) == ETHERNET_IPV4 && Memory.u16(at + LENGTHS_OFFSET) == LENGTHS_6_4;
        return supported ? HeaderError.NONE : HeaderError.ARP_UNSUPPORTED;
    }

    public static int operation(long at) {
        return Memory.u16(at + OPERATION_OFFSET);
    }

    public static long senderMac(long at) {
        return Memory.i64(at + SENDER_MAC_OFFSET) >>> 16;
    }

    public static int senderIp(long at) {
        return Memory.i32(at + SENDER_IP_OFFSET);
    }

    public static long targetMac(long at) {
        return Memory.i64(at + TARGET_MAC_OFFSET) >>> 16;
    }

    public static int targetIp(long at) {
        return Memory.i32(at + TARGET_IP_OFFSET);
    }

    /** Writes all 28 bytes. */
    public static void write(long at, int operation, long senderMac, int senderIp, long targetMac, int targetIp) {
        Memory.putI32(at, ETHERNET_IPV4);
        Memory.putU16(at + LENGTHS_OFFSET, LENGTHS_6_4);
        Memory.putU16(at + OPERATION_OFFSET, operation);
        Memory.putI64(at + SENDER_MAC_OFFSET, senderMac << 16 | senderIp >>> 16);
        Memory.putU16(at + SENDER_IP_OFFSET + 2, senderIp);
        Memory.putI64(at + TARGET_MAC_OFFSET, targetMac << 16 | targetIp >>> 16);
        Memory.putU16(at + TARGET_IP_OFFSET + 2, targetIp);
    }

    public static void writeRequest(long at, long senderMac, int senderIp, int targetIp) {
        write(at, ARPOP_REQUEST, senderMac, senderIp, 0, targetIp);
    }

    /** Turns the request at {@code at} in place into the reply that its target address is at {@code mac}. */
    public static void reply(long at, long mac) {
        write(at, ARPOP_REPLY, mac, targetIp(at), senderMac(at), senderIp(at));
    }
}
