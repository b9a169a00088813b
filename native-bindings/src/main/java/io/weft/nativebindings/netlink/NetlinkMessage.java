package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_ALIGNTO;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_FLAGS_OFFSET;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_LEN_OFFSET;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_SEQ_OFFSET;
import static io.weft.nativebindings.netlink.NetlinkAbi.NLMSG_TYPE_OFFSET;
import static io.weft.nativebindings.netlink.NetlinkAbi.SIZEOF_NLMSGHDR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A cursor over the messages of one received datagram; reused from datagram to datagram. A message that is longer than the datagram ends
 * the iteration. Offsets of the accessors count from the end of the netlink header, which is the start of the family's fixed struct.
 */
final class NetlinkMessage {
    private MemorySegment datagram = MemorySegment.NULL;
    private long limit;
    private long start;
    private long nextStart;
    private int length;

    void wrap(MemorySegment receiveBuffer, int receivedBytes) {
        datagram = receiveBuffer;
        limit = receivedBytes;
        start = 0;
        nextStart = 0;
    }

    boolean next() {
        start = nextStart;
        if (limit - start < SIZEOF_NLMSGHDR) { return false; }
        length = i32At(start + NLMSG_LEN_OFFSET);
        nextStart = start + ((long) length + NLMSG_ALIGNTO - 1 & -NLMSG_ALIGNTO);
        return length >= SIZEOF_NLMSGHDR && length <= limit - start;
    }

    int type() {
        return u16At(start + NLMSG_TYPE_OFFSET);
    }

    int flags() {
        return u16At(start + NLMSG_FLAGS_OFFSET);
    }

    int sequence() {
        return i32At(start + NLMSG_SEQ_OFFSET);
    }

    int payloadLength() {
        return length - SIZEOF_NLMSGHDR;
    }

    int u8(int offset) {
        return datagram.get(ValueLayout.JAVA_BYTE, payload(offset, Byte.BYTES)) & 0xff;
    }

    int u16(int offset) {
        return u16At(payload(offset, Short.BYTES));
    }

    int i32(int offset) {
        return i32At(payload(offset, Integer.BYTES));
    }

    /** The attributes behind a fixed struct of this many bytes. */
    NetlinkAttributes attributes(int structBytes) {
        return new NetlinkAttributes(datagram, start + SIZEOF_NLMSGHDR + structBytes, start + length);
    }

    private long payload(int offset, int bytes) {
        if (offset + bytes > payloadLength()) {
            throw new IllegalStateException(
                "netlink message of type " + type() + " ends after " + payloadLength() + " bytes");
        }
        return start + SIZEOF_NLMSGHDR + offset;
    }

    private int u16At(long at) {
        return datagram.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) & 0xffff;
    }

    private int i32At(long at) {
        return datagram.get(ValueLayout.JAVA_INT_UNALIGNED, at);
    }
}
