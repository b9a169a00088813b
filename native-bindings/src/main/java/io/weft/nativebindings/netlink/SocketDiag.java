package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.SIZEOF_NLATTR;
import static io.weft.nativebindings.netlink.RtnetlinkAbi.AF_INET;
import static io.weft.nativebindings.netlink.SocketDiagAbi.*;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/**
 * The sockets of one network namespace, through sock_diag(7): which local ports its processes use. The namespace is that of the thread that
 * opened it; afterwards any thread may call, one request at a time. Needs no capability. Cold code.
 *
 * <p>Cost: for listening TCP sockets and for UDP sockets in one port range tens of microseconds; for TCP sockets of all states the kernel
 * walks its whole connection hash, which takes hundreds of microseconds and more.
 */
public final class SocketDiag implements AutoCloseable {
    /** Which sockets to list. */
    public enum States {
        ALL(-1),
        /** TCP sockets that wait for connections. */
        LISTENING(1 << TCP_LISTEN);

        private final int mask;

        States(int mask) {
            this.mask = mask;
        }
    }

    private static final int SPORT = 4; // in struct inet_diag_msg: its id starts with the port
    private static final int SOURCE = 8; // after both ports: 16 bytes
    private static final int MAPPED_ADDRESS = 12; // in an IPv6 address
    private static final int IPPROTO_TCP = 6;
    private static final int COMPARISON = 2 * SIZEOF_INET_DIAG_BC_OP; // the operation, and a second one that holds its port
    private static final int PROGRAM = 2 * COMPARISON;
    private static final int REJECT = SIZEOF_INET_DIAG_BC_OP; // a jump this far past the program's end refuses the socket

    private final NetlinkSocket socket;

    private SocketDiag(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** Opens one in the calling thread's network namespace. */
    public static SocketDiag open() {
        return new SocketDiag(NetlinkSocket.open(NETLINK_SOCK_DIAG, 0));
    }

    /** Opens one in another network namespace; the calling thread stays in its own. */
    public static SocketDiag openIn(Path namespace) {
        return NetworkNamespace.call(namespace, SocketDiag::open);
    }

    /**
     * Local ports from {@code first} to {@code last}, inclusive, of IPv4 and IPv6 sockets.
     *
     * @param protocol IPPROTO_TCP or IPPROTO_UDP
     * @throws LinuxException if the kernel has no such table (ENOENT), or refuses
     */
    public BitSet localPorts(int protocol, States states, int first, int last) {
        BitSet ports = new BitSet();
        collect(AF_INET, protocol, states, first, last, ports);
        try {
            collect(AF_INET6, protocol, states, first, last, ports);
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENOENT) { throw e; } // the kernel may lack IPv6
        }
        return ports;
    }

    /**
     * IPv4 addresses on which TCP sockets listen on a port; 0 stands for all of them. IPv6 sockets count if they are bound to all addresses,
     * because they usually serve IPv4 too, or to an IPv4-mapped one.
     *
     * @throws LinuxException as {@link #localPorts}
     */
    public Set<Integer> listeners(int port) {
        Set<Integer> addresses = new HashSet<>();
        String operation = "list listeners on port " + port;
        addresses.addAll(socket.dump(operation, request(AF_INET, IPPROTO_TCP, States.LISTENING, port, port),
            message -> message.type() == SOCK_DIAG_BY_FAMILY, message -> address(message, SOURCE)));
        try {
            addresses.addAll(socket.dump(operation, request(AF_INET6, IPPROTO_TCP, States.LISTENING, port, port),
                message -> message.type() == SOCK_DIAG_BY_FAMILY && servesIpv4(message),
                message -> address(message, SOURCE + MAPPED_ADDRESS)));
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENOENT) { throw e; } // the kernel may lack IPv6
        }
        return addresses;
    }

    @Override
    public void close() {
        socket.close();
    }

    private void collect(int family, int protocol, States states, int first, int last, BitSet into) {
        String operation = "list sockets of protocol " + protocol;
        try {
            socket.dump(operation, request(family, protocol, states, first, last),
                message -> message.type() == SOCK_DIAG_BY_FAMILY, SocketDiag::localPort).forEach(into::set);
        } catch (LinuxException e) {
            throw e.errno() == Errno.ENOENT
                ? new LinuxException(operation, Errno.ENOENT,
                    "This kernel cannot list sockets: it needs CONFIG_INET_DIAG and CONFIG_INET_UDP_DIAG (modules tcp_diag and udp_diag)")
                : e;
        }
    }

    /** struct inet_diag_req_v2 with any socket id, and a filter. */
    private static NetlinkRequest request(int family, int protocol, States states, int first, int last) {
        NetlinkRequest request = new NetlinkRequest(SOCK_DIAG_BY_FAMILY, 0)
            .u8(family)
            .u8(protocol)
            .u16(0) // idiag_ext, pad
            .u32(states.mask)
            .skip(SIZEOF_INET_DIAG_SOCKID);
        request.u16(SIZEOF_NLATTR + PROGRAM).u16(INET_DIAG_REQ_BYTECODE);
        comparison(request, INET_DIAG_BC_S_GE, first, PROGRAM + REJECT);
        comparison(request, INET_DIAG_BC_S_LE, last, PROGRAM - COMPARISON + REJECT);
        return request;
    }

    /** struct inet_diag_bc_op: code, bytes to the next operation if true, and if not; then another one whose last field is the port. */
    private static void comparison(NetlinkRequest request, int code, int port, int otherwise) {
        request.u8(code).u8(COMPARISON).u16(otherwise).u16(0).u16(port);
    }

    /** In network byte order, where others have it in that of the host. */
    private static int address(NetlinkMessage message, int at) {
        int address = message.i32(at);
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? address : Integer.reverseBytes(address);
    }

    /** Bound to :: or ::ffff:0:0/96. */
    private static boolean servesIpv4(NetlinkMessage message) {
        if (message.i32(SOURCE) != 0 || message.i32(SOURCE + 4) != 0) { return false; }
        int mapped = address(message, SOURCE + 8);
        return mapped == 0xFFFF || mapped == 0 && message.i32(SOURCE + MAPPED_ADDRESS) == 0;
    }

    private static int localPort(NetlinkMessage message) {
        int port = message.u16(SPORT);
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? port
            : Short.toUnsignedInt(Short.reverseBytes((short) port));
    }
}
