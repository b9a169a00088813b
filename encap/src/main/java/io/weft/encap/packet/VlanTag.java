package io.weft.encap.packet;

import io.weft.encap.memory.Memory;

/**
 * IEEE 802.1Q tag, which follows an Ethernet header whose type satisfies {@link #isTag}: two bytes of tag control information, then the
 * type of the payload. {@code at} is the address of the tag control information, that is the Ethernet header's address plus 14.
 */
public final class VlanTag {
    public static final int LENGTH = 4;
    /** VLAN id 0: the tag carries only a priority, and the frame belongs to no VLAN. */
    public static final int PRIORITY_TAG_ID = 0;

    private static final int ID_MASK = 0x0FFF;
    private static final int PRIORITY_SHIFT = 13;
    private static final int TYPE_OFFSET = 2;

    private VlanTag() {
    }

    /** Whether an Ethernet type is that of a tag (802.1Q or 802.1ad). */
    public static boolean isTag(int etherType) {
        return etherType == EthernetHeader.ETH_P_8021Q || etherType == EthernetHeader.ETH_P_8021AD;
    }

    /** @return {@link HeaderError#NONE} or {@link HeaderError#TRUNCATED} */
    public static int validate(int remaining) {
        return remaining >= LENGTH ? HeaderError.NONE : HeaderError.TRUNCATED;
    }

    public static int id(long at) {
        return Memory.u16(at) & ID_MASK;
    }

    /** Priority code point, 0 to 7. */
    public static int priority(long at) {
        return Memory.u16(at) >>> PRIORITY_SHIFT;
    }

    /** Ethernet type of the payload; possibly another tag. */
    public static int type(long at) {
        return Memory.u16(at + TYPE_OFFSET);
    }

    public static void write(long at, int id, int priority, int type) {
        Memory.putU16(at, priority << PRIORITY_SHIFT | id);
        setType(at, type);
    }

    public static void setType(long at, int type) {
        Memory.putU16(at + TYPE_OFFSET, type);
    }
}
