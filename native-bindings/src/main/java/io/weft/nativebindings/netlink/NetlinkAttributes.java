package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.NLA_TYPE_MASK;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_ALIGNTO;
import static io.weft.nativebindings.netlink.NetlinkAbi.SIZEOF_NLATTR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A cursor over attributes (struct nlattr). An attribute that is longer than its container ends the iteration. The value readers throw if
 * the payload has another size than theirs, so a wrong type never reads a neighbouring attribute.
 */
final class NetlinkAttributes {
    private static final ValueLayout.OfInt NETWORK_I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort NETWORK_U16 = ValueLayout.JAVA_SHORT_UNALIGNED
        .withOrder(ByteOrder.BIG_ENDIAN);
    private static final int MAC_BYTES = 6;

    private final MemorySegment bytes;
    private final long limit;
    private long start;
    private long nextStart;
    private int length;

    NetlinkAttributes(MemorySegment bytes, long start, long limit) {
        this.bytes = bytes;
        this.nextStart = start;
        this.limit = limit;
    }

    boolean next() {
        start = nextStart;
        if (limit - start < SIZEOF_NLATTR) { return false; }
        length = bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, start) & 0xffff;
        nextStart = start + (length + NLMSG_ALIGNTO - 1 & -NLMSG_ALIGNTO);
        return length >= SIZEOF_NLATTR && length <= limit - start;
    }

    int type() {
        return bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, start + Short.BYTES) & 0xffff & NLA_TYPE_MASK;
    }

    int payloadLength() {
        return length - SIZEOF_NLATTR;
    }

    int u8() {
        return bytes.get(ValueLayout.JAVA_BYTE, payload(Byte.BYTES)) & 0xff;
    }

    int u16() {
        return bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, payload(Short.BYTES)) & 0xffff;
    }

    int i32() {
        return bytes.get(ValueLayout.JAVA_INT_UNALIGNED, payload(Integer.BYTES));
    }

    int ipv4() {
        return bytes.get(NETWORK_I32, payload(Integer.BYTES));
    }

    /** A hardware address as a number; 0 if it is not 48 bits wide (loopback has six zeros, tunnels have an IP address). */
    long mac() {
        if (payloadLength() != MAC_BYTES) { return 0; }
        long at = payload(MAC_BYTES);
        return (bytes.get(NETWORK_U16, at) & 0xffffL) << 32 | bytes.get(NETWORK_I32, at + Short.BYTES) & 0xffffffffL;
    }

    String string() {
        byte[] text = bytes.asSlice(start + SIZEOF_NLATTR, payloadLength()).toArray(ValueLayout.JAVA_BYTE);
        int end = text.length;
        while (end > 0 && text[end - 1] == 0) {
            end--;
        }
        return new String(text, 0, end, StandardCharsets.UTF_8);
    }

    NetlinkAttributes nested() {
        return new NetlinkAttributes(bytes, start + SIZEOF_NLATTR, start + length);
    }

    /** The payload as elements with another framing than attributes, such as struct rtnexthop. */
    MemorySegment payload() {
        return bytes.asSlice(start + SIZEOF_NLATTR, payloadLength());
    }

    private long payload(int wanted) {
        if (payloadLength() != wanted) {
            throw new IllegalStateException(
                "netlink attribute " + type() + " has " + payloadLength() + " bytes instead of " + wanted);
        }
        return start + SIZEOF_NLATTR;
    }
}
