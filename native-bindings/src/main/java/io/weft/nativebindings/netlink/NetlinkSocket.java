package io.weft.nativebindings.netlink;

import static io.weft.nativebindings.netlink.NetlinkAbi.*;

import io.weft.nativebindings.linux.CallState;
import io.weft.nativebindings.linux.Descriptors;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.LinuxSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A netlink socket: requests with sequence numbers and their answers (netlink(7)). It always belongs to the network namespace of the thread
 * that opened it. Threads may share it; requests are made one at a time. Errors are thrown as {@link LinuxException} with the kernel's own
 * explanation (extended acknowledgement) if it gives one.
 */
final class NetlinkSocket implements AutoCloseable {
    private static final int RECEIVE_BYTES = 64 * 1024; // a dump's datagram has at most 32 KiB, unless one object is larger
    private static final int ANSWER_SECONDS = 10;
    private static final int DUMP_ATTEMPTS = 20;

    private final int fd;
    private final CallState callState = new CallState();
    private final NetlinkMessage message = new NetlinkMessage();
    private Arena arena = Arena.ofShared();
    private MemorySegment buffer = arena.allocate(RECEIVE_BYTES);
    private int sequence;

    private NetlinkSocket(int fd) {
        this.fd = fd;
    }

    /** @param groups multicast groups to subscribe to (RTMGRP_ bits), 0 for a socket that only makes requests */
    static NetlinkSocket open(int protocol, int groups) {
        int fd = LinuxException.check(
            "open a netlink socket", LinuxSocket.socket(LinuxSocket.AF_NETLINK, LinuxSocket.SOCK_RAW, protocol));
        NetlinkSocket socket = new NetlinkSocket(fd);
        try {
            socket.configure(groups);
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    int fd() {
        return fd;
    }

    /** Asks for this much kernel memory for waiting datagrams; without CAP_NET_ADMIN only up to net.core.rmem_max. */
    void setReceiveBuffer(int sizeBytes) {
        if (LinuxSocket.setsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_RCVBUFFORCE, sizeBytes) < 0) {
            LinuxException.check(
                "set a netlink socket's receive buffer",
                LinuxSocket.setsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_RCVBUF, sizeBytes));
        }
    }

    /** The messages of the datagram last {@linkplain #receive received}. */
    NetlinkMessage message() {
        return message;
    }

    /** Makes a request whose answer is an acknowledgement only. */
    void execute(String operation, NetlinkRequest request) {
        exchange(operation, request, answer -> {});
    }

    /** Makes a request whose answer is one object; if there are several, the first accepted one counts. */
    <T> Optional<T> query(
        String operation, NetlinkRequest request, Predicate<NetlinkMessage> accepts,
        Function<NetlinkMessage, T> decode) {
        List<T> found = new ArrayList<>();
        exchange(operation, request, collect(found, accepts, decode));
        return found.stream().findFirst();
    }

    /** Reads a whole table; starts again if the table changed meanwhile (NLM_F_DUMP_INTR). */
    <T> List<T> dump(
        String operation, NetlinkRequest request, Predicate<NetlinkMessage> accepts,
        Function<NetlinkMessage, T> decode) {
        request.addFlag(NLM_F_DUMP);
        for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
            List<T> found = new ArrayList<>();
            if (exchange(operation, request, collect(found, accepts, decode))) { return found; }
        }
        throw new LinuxException(
            operation, Errno.EAGAIN, "It changed during each of " + DUMP_ATTEMPTS + " attempts to read it; try again");
    }

    /** Waits for the next datagram, or with MSG_DONTWAIT checks for one; its size in bytes, or -errno. */
    int receive(int flags) {
        requireOpen();
        int size = receive(0, flags | LinuxSocket.MSG_PEEK | LinuxSocket.MSG_TRUNC);
        if (size > buffer.byteSize()) {
            reallocate(size);
        }
        int received = size < 0 ? size : receive(buffer.byteSize(), flags);
        message.wrap(buffer, Math.max(received, 0));
        return received;
    }

    @Override
    public synchronized void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            Descriptors.close(fd);
        }
    }

    private void configure(int groups) {
        setTimeLimit();
        setFlag(NETLINK_CAP_ACK);
        setFlag(NETLINK_EXT_ACK);
        setFlag(NETLINK_GET_STRICT_CHK);
        if (groups != 0) {
            subscribe(groups);
        }
    }

    private void subscribe(int groups) {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment address = local.allocate(SIZEOF_SOCKADDR_NL, Integer.BYTES);
            address.set(ValueLayout.JAVA_SHORT, 0, (short) LinuxSocket.AF_NETLINK);
            address.set(ValueLayout.JAVA_INT, NL_GROUPS_OFFSET, groups);
            LinuxException.check("subscribe to rtnetlink groups", LinuxSocket.bind(fd, address));
        }
    }

    private void setFlag(int option) {
        LinuxException.check("set netlink option " + option, LinuxSocket.setsockopt(fd, SOL_NETLINK, option, 1));
    }

    private void setTimeLimit() {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment timeval = local.allocateFrom(ValueLayout.JAVA_LONG, ANSWER_SECONDS, 0);
            LinuxException.check(
                "set a netlink socket's time limit",
                LinuxSocket.setsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_RCVTIMEO, timeval));
        }
    }

    /** False if a change interrupted a dump, so that it is not consistent. */
    private synchronized boolean exchange(String operation, NetlinkRequest request, Consumer<NetlinkMessage> each) {
        requireOpen();
        if (!request.has(NLM_F_DUMP)) {
            request.addFlag(NLM_F_ACK);
        }
        send(operation, request.finish(++sequence));
        message.wrap(buffer, 0);
        try {
            return readAnswer(operation, each);
        } catch (IllegalStateException malformed) {
            readAnswer(operation, ignored -> {}); // otherwise the rest would look like an unfinished dump
            throw malformed;
        }
    }

    /** Prevents the use of a closed descriptor's number, which may belong to another file by now. */
    private void requireOpen() {
        if (!arena.scope().isAlive()) { throw new IllegalStateException("the netlink socket is closed"); }
    }

    private void send(String operation, byte[] bytes) {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment request = local.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            LinuxException.check(
                operation, LinuxSocket.sendto(callState, fd, request.address(), request.byteSize(), 0, 0, 0));
        }
    }

    private boolean readAnswer(String operation, Consumer<NetlinkMessage> each) {
        boolean consistent = true;
        while (true) {
            nextMessage(operation);
            consistent &= (message.flags() & NLM_F_DUMP_INTR) == 0;
            switch (message.type()) {
                case NLMSG_ERROR, NLMSG_DONE -> {
                    throwIfRefused(operation);
                    return consistent;
                }
                case NLMSG_NOOP -> {}
                case NLMSG_OVERRUN -> throw new LinuxException(operation, Errno.ENOBUFS);
                default -> each.accept(message);
            }
        }
    }

    /** Moves to the next message that answers the current request; skips answers to an earlier, abandoned one. */
    private void nextMessage(String operation) {
        do {
            while (!message.next()) {
                int received = receive(0);
                if (received == -Errno.EAGAIN) {
                    throw new LinuxException(
                        operation, Errno.EAGAIN, "The kernel did not answer within " + ANSWER_SECONDS + " s");
                }
                LinuxException.check(operation, received);
            }
        } while (message.sequence() != sequence);
    }

    private void throwIfRefused(String operation) {
        int error = message.payloadLength() < Integer.BYTES ? 0 : -message.i32(0);
        if (error != 0) { throw new LinuxException(operation, error, hint(error)); }
    }

    private String hint(int error) {
        String explanation = explanation();
        if (!explanation.isEmpty()) { return "The kernel says: " + explanation; }
        return error == Errno.EPERM ? "This needs the capability CAP_NET_ADMIN" : "";
    }

    /** NLMSGERR_ATTR_MSG of the message, or empty. */
    private String explanation() {
        if ((message.flags() & NLM_F_ACK_TLVS) == 0) { return ""; }
        int fixed = message.type() == NLMSG_DONE ? Integer.BYTES : SIZEOF_NLMSGERR;
        NetlinkAttributes attributes = message.attributes(fixed);
        while (attributes.next()) {
            if (attributes.type() == NLMSGERR_ATTR_MSG) { return attributes.string(); }
        }
        return "";
    }

    private int receive(long capacity, int flags) {
        long result;
        do {
            result = LinuxSocket.recv(callState, fd, buffer.address(), capacity, flags);
        } while (result == -Errno.EINTR);
        return (int) result;
    }

    private void reallocate(int size) {
        Arena larger = Arena.ofShared();
        buffer = larger.allocate(size);
        arena.close();
        arena = larger;
    }

    private static <T> Consumer<NetlinkMessage> collect(
        List<T> found, Predicate<NetlinkMessage> accepts, Function<NetlinkMessage, T> decode) {
        return answer -> {
            if (accepts.test(answer)) {
                found.add(decode.apply(answer));
            }
        };
    }
}
