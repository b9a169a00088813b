package io.weft.nativebindings.bpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.weft.nativebindings.linux.CallState;
import io.weft.nativebindings.linux.Descriptors;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.LinuxSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Asks the kernel which XDP program a device has: RTM_GETLINK, IFLA_XDP. {@code <linux/if_link.h>}. Cold code. */
public final class XdpQuery {
    static final int NETLINK_ROUTE = 0;
    static final int NLM_F_REQUEST = 1;
    static final int NLMSG_ERROR = 2;
    static final int RTM_GETLINK = 18;
    static final int NLMSGHDR_SIZE = 16;
    static final int IFINFOMSG_SIZE = 16;
    static final int NLA_TYPE_MASK = 0x3fff;
    static final int IFLA_XDP = 43;
    static final int IFLA_XDP_PROG_ID = 4;

    private static final int NLMSG_LENGTH = 0;
    private static final int NLMSG_TYPE = 4;
    private static final int NLMSG_FLAGS = 6;
    private static final int IFI_INDEX = NLMSGHDR_SIZE + 4;
    private static final int NLMSGERR_ERROR = NLMSGHDR_SIZE;
    private static final int NLA_HEADER_SIZE = 4;
    private static final int REPLY_BYTES = 32768;

    private XdpQuery() {}

    /**
     * The id of the program attached to a device of the calling thread's network namespace, in whatever mode; 0 for none (or
     * for one in each mode).
     */
    public static int programId(int ifindex) {
        int fd = LinuxException.check(
            "socket(AF_NETLINK)",
            LinuxSocket.socket(LinuxSocket.AF_NETLINK, LinuxSocket.SOCK_RAW, NETLINK_ROUTE));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment reply = exchange(arena, fd, ifindex);
            MemorySegment xdp = attribute(reply.asSlice(NLMSGHDR_SIZE + IFINFOMSG_SIZE), IFLA_XDP);
            MemorySegment id = attribute(xdp, IFLA_XDP_PROG_ID);
            return id.byteSize() < Integer.BYTES ? 0 : id.get(JAVA_INT, 0);
        } finally {
            Descriptors.close(fd);
        }
    }

    private static MemorySegment exchange(Arena arena, int fd, int ifindex) {
        MemorySegment request = arena.allocate(NLMSGHDR_SIZE + IFINFOMSG_SIZE, Integer.BYTES);
        request.set(JAVA_INT, NLMSG_LENGTH, (int) request.byteSize());
        request.set(JAVA_SHORT, NLMSG_TYPE, (short) RTM_GETLINK);
        request.set(JAVA_SHORT, NLMSG_FLAGS, (short) NLM_F_REQUEST);
        request.set(JAVA_INT, IFI_INDEX, ifindex);
        CallState state = CallState.current();
        LinuxException.check("RTM_GETLINK",
            LinuxSocket.sendto(state, fd, request.address(), request.byteSize(), 0, 0, 0));
        MemorySegment reply = arena.allocate(REPLY_BYTES, Integer.BYTES);
        long length = LinuxException.check(
            "RTM_GETLINK", LinuxSocket.recv(state, fd, reply.address(), reply.byteSize(), 0));
        if (reply.get(JAVA_SHORT, NLMSG_TYPE) == NLMSG_ERROR) {
            LinuxException.check("RTM_GETLINK of ifindex " + ifindex, reply.get(JAVA_INT, NLMSGERR_ERROR));
        }
        return reply.asSlice(0, length);
    }

    /** Payload of the first attribute of a type; empty when there is none. */
    private static MemorySegment attribute(MemorySegment attributes, int type) {
        long at = 0;
        while (at + NLA_HEADER_SIZE <= attributes.byteSize()) {
            int length = Short.toUnsignedInt(attributes.get(JAVA_SHORT, at));
            if (length < NLA_HEADER_SIZE || at + length > attributes.byteSize()) {
                break;
            }
            if ((attributes.get(JAVA_SHORT, at + Short.BYTES) & NLA_TYPE_MASK) == type) {
                return attributes.asSlice(at + NLA_HEADER_SIZE, length - NLA_HEADER_SIZE);
            }
            at += (length + 3) & -4;
        }
        return MemorySegment.NULL;
    }
}
