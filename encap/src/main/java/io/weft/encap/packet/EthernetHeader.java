package io.weft.encap.packet;

import io.weft.encap.memory.Memory;

/**
 * Ethernet II header: destination, source, type. A MAC address is the low 48 bits of a {@code long}, with the first byte on the wire
 * highest ({@code 02:00:00:00:00:01} = 0x0200_0000_0001). Types are spelt as in {@code <linux/if_ether.h>}.
 *
 * <p>{@code at} is the address of the first byte; at least {@link #LENGTH} bytes must be readable there.
 */
public final class EthernetHeader {
    public static final int LENGTH = 14;
    public static final int ETH_P_IP = 0x0800;
    public static final int ETH_P_ARP = 0x0806;
    public static final int ETH_P_8021Q = 0x8100;
    public static final int ETH_P_IPV6 = 0x86DD;
    public static final int ETH_P_PAUSE = 0x8808;
    public static final int ETH_P_8021AD = 0x88A8;
    /** A smaller type field is the length of an 802.3 (LLC) frame. */
    public static final int ETH_P_802_3_MIN = 0x0600;

    public static final long BROADCAST = 0xFFFF_FFFF_FFFFL;
    private static final long GROUP_BIT = 0x0100_0000_0000L;
    private static final int SOURCE_OFFSET = 6;
    private static final int TYPE_OFFSET = 12;

    private EthernetHeader() {
    }

    /** @return {@link HeaderError#NONE} or {@link HeaderError#TRUNCATED} */
    public static int validate(int remaining) {
        return remaining >= LENGTH ? HeaderError.NONE : HeaderError.TRUNCATED;
    }

    public static long destination(long at) {
        return Memory.i64(at) >>> 16;
    }

    public static long source(long at) {
        return Memory.i64(at + SOURCE_OFFSET) >>> 16;
    }

    public static int type(long at) {
        return Memory.u16(at + TYPE_OFFSET);
    }

    /** Whether the address is a group address, that is multicast or broadcast. */
    public static boolean isGroup(long mac) {
        return (mac & GROUP_BIT) != 0;
    }

    public static void setDestination(long at, long mac) {
        Memory.putI32(at, (int) (mac >>> 16));
        Memory.putU16(at + 4, (int) mac);
    }

    public static void setSource(long at, long mac) {
        Memory.putU16(at + SOURCE_OFFSET, (int) (mac >>> 32));
        Memory.putI32(at + SOURCE_OFFSET + 2, (int) mac);
    }

    public static void setType(long at, int type) {
        Memory.putU16(at + TYPE_OFFSET, type);
    }

    /** Writes both addresses as whole words. */
    public static void setAddresses(long at, long destination, long source) {
        Memory.putI64(at, destination << 16 | source >>> 32);
        Memory.putI32(at + Long.BYTES, (int) source);
    }

    public static void write(long at, long destination, long source, int type) {
        setAddresses(at, destination, source);
        setType(at, type);
    }

    /** Addresses the frame to its sender, with {@code source} as its new source. */
    public static void reply(long at, long source) {
        setAddresses(at, source(at), source);
    }
}
