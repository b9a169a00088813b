package io.weft.encap.tunnel;

import io.weft.encap.memory.Memory;

/**
 * VXLAN header (RFC 7348 section 5): 8 flag bits, 24 reserved, 24-bit VNI, 8 reserved. Reserved bits are written as 0 and ignored on receipt, as the RFC
 * says. {@code at} is the address of its first byte. {@link Encapsulation#VXLAN} checks it.
 */
public final class VxlanHeader {
    public static final int LENGTH = 8;
    /** Of RFC 7348. */
    public static final int IANA_PORT = 4789;
    /** Of the Linux driver and of flannel. */
    public static final int LINUX_PORT = 8472;
    public static final int MAX_VNI = 0xFF_FFFF;

    /** The header as a word in network byte order, VNI 0: the I flag says that there is a VNI. */
    static final long WITH_VNI = 0x0800_0000_0000_0000L;
    static final int VNI_SHIFT = 8;
    private static final int VNI_OFFSET = 4;

    private VxlanHeader() {
    }

    public static int vni(long at) {
        return Memory.i32(at + VNI_OFFSET) >>> VNI_SHIFT;
    }

    /** Writes all 8 bytes. */
    public static void write(long at, int vni) {
        Memory.putI64(at, WITH_VNI | (long) vni << VNI_SHIFT);
    }
}
