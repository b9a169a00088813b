package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.NLA_F_NESTED;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_ALIGNTO;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_FLAGS_OFFSET;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_LEN_OFFSET;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_SEQ_OFFSET;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_TYPE_OFFSET;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLM_F_REQUEST;
import static io.weft.nativebindings.netlink.NetlinkAbi.SIZEOF_NLATTR;
import static io.weft.nativebindings.netlink.NetlinkAbi.SIZEOF_NLMSGHDR;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Builds one netlink request: header, the family's fixed struct, attributes. Host byte order, except where a method says otherwise. The
 * caller writes the fixed struct first, field by field, then attributes.
 */
final class NetlinkRequest {
    private static final int INITIAL_BYTES = 256;

    private ByteBuffer bytes = ByteBuffer.allocate(INITIAL_BYTES).order(ByteOrder.nativeOrder());

    NetlinkRequest(int type, int flags) {
        skip(SIZEOF_NLMSGHDR);
        bytes.putShort(NLMSG_TYPE_OFFSET, (short) type);
        bytes.putShort(NLMSG_FLAGS_OFFSET, (short) (NLM_F_REQUEST | flags));
    }

    NetlinkRequest u8(int value) {
        room(Byte.BYTES).put((byte) value);
        return this;
    }

    NetlinkRequest u16(int value) {
        room(Short.BYTES).putShort((short) value);
        return this;
    }

    NetlinkRequest u32(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    NetlinkRequest skip(int zeroBytes) {
        room(zeroBytes).position(bytes.position() + zeroBytes);
        return this;
    }

    /** An attribute without payload, whose presence means true. */
    NetlinkRequest flag(int type) {
        return attribute(type, 0);
    }

    NetlinkRequest u8(int type, int value) {
        return attribute(type, Byte.BYTES).u8(value).align();
    }

    NetlinkRequest u32(int type, int value) {
        return attribute(type, Integer.BYTES).u32(value);
    }

    /** A 16-bit number in network byte order, such as a port. */
    NetlinkRequest networkU16(int type, int value) {
        return attribute(type, Short.BYTES).u8(value >>> 8).u8(value).align();
    }

    /** struct fib_rule_port_range: both ends inclusive, in host byte order. */
    NetlinkRequest portRange(int type, int first, int last) {
        return attribute(type, 2 * Short.BYTES).u16(first).u16(last);
    }

    /** An IPv4 address, given as a number (10.0.0.1 is 0x0A000001). */
    NetlinkRequest ipv4(int type, int address) {
        return attribute(type, Integer.BYTES).networkU32(address);
    }

    /** A 48-bit hardware address, given as a number. */
    NetlinkRequest mac(int type, long address) {
        return attribute(type, 6).u8((int) (address >>> 40)).u8((int) (address >>> 32)).networkU32((int) address)
            .align();
    }

    /** A NUL-terminated string. */
    NetlinkRequest string(int type, String value) {
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        attribute(type, text.length + 1);
        room(text.length + 1).put(text);
        return u8(0).align();
    }

    /** Opens an attribute that contains attributes; {@link #end} with the returned position closes it. */
    int begin(int type) {
        int start = position();
        attribute(type | NLA_F_NESTED, 0);
        return start;
    }

    int position() {
        return bytes.position();
    }

    /** Writes the length of what started at this position with a 16-bit length field. */
    void end(int start) {
        bytes.putShort(start, (short) (bytes.position() - start));
    }

    /** The finished message. */
    byte[] finish(int sequence) {
        bytes.putInt(NLMSG_LEN_OFFSET, bytes.position());
        bytes.putInt(NLMSG_SEQ_OFFSET, sequence);
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    boolean has(int flag) {
        return (bytes.getShort(NLMSG_FLAGS_OFFSET) & flag) == flag;
    }

    void addFlag(int flag) {
        bytes.putShort(NLMSG_FLAGS_OFFSET, (short) (bytes.getShort(NLMSG_FLAGS_OFFSET) | flag));
    }

    private NetlinkRequest attribute(int type, int payloadBytes) {
        return u16(SIZEOF_NLATTR + payloadBytes).u16(type);
    }

    private NetlinkRequest networkU32(int value) {
        return u32(ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? value : Integer.reverseBytes(value));
    }

    private NetlinkRequest align() {
        return skip(-bytes.position() & NLMSG_ALIGNTO - 1);
    }

    private ByteBuffer room(int wanted) {
        if (bytes.remaining() < wanted) {
            int capacity = Math.max(2 * bytes.capacity(), bytes.position() + wanted);
            int position = bytes.position();
            bytes = ByteBuffer.wrap(Arrays.copyOf(bytes.array(), capacity)).order(ByteOrder.nativeOrder())
                .position(position);
        }
        return bytes;
    }
}
