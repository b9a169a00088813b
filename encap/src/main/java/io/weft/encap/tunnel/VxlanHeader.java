package io.weft.encap.tunnel;

import io.weft.encap.memory.Memory;
import io.weft.encap.packet.HeaderError;

/**
 * VXLAN header (RFC 7348 section 5): 8 flag bits, 24 reserved, 24-bit VNI, 8 reserved. Reserved bits are written as 0
 * and ignored on receipt, as the RFC says. {@code at} is the address of its first byte; {@link #validate} once, then
 * read.
 */
public final class VxlanHeader {
    public static final int LENGTH = 8;
    /** Of RFC 7348. */
    public static final int IANA_PORT = 4789;
    /** Of the Linux driver and of flannel. */
    public static final int LINUX_PORT = 8472;
    public static final int MAX_VNI = 0xFF_FFFF;

    private static final int FLAG_VNI = 0x08;
    private static final int VNI_OFFSET = 4;
    private static final int VNI_SHIFT = 8;

    private VxlanHeader() {
    }

    /** @return 0, {@link HeaderError#TRUNCATED} or {@link HeaderError#VXLAN_NO_I_FLAG} */
    public static int validate(long at, int remaining) {
        if (remaining < LENGTH) { return HeaderError.TRUNCATED; }
        return (Memory.u8(at) & FLAG_VNI) != 0 ? HeaderError.NONE : HeaderError.VXLAN_NO_I_FLAG;
    }

    public static int vni(long at) {
        return Memory.i32(at + VNI_OFFSET) >>> VNI_SHIFT;
    }

    /** Writes all 8 bytes. */
    public static void write(long at, int vni) {
        Memory.putI32(at, FLAG_VNI << 24);
        Memory.putI32(at + VNI_OFFSET, vni << VNI_SHIFT);
    }
}
