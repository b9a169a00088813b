package io.weft.vmlab.traffic;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.weft.nativebindings.linux.CallState;
import io.weft.nativebindings.linux.Descriptors;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.LinuxSocket;
import io.weft.nativebindings.linux.Poll;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.ByteOrder;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A raw ICMP socket (raw(7)) that sends echo requests to one IPv4 address, with an identifier of its own, and receives the replies from
 * there. It belongs to the network namespace of the thread that opened it; used by one thread at a time.
 */
final class IcmpSocket implements AutoCloseable {
    private static final int IPPROTO_ICMP = 1; // <linux/in.h>
    private static final int SOCKADDR_IN_LENGTH = 16;
    private static final int SOCKADDR_IN_ADDRESS = 4;
    private static final int IPV4_SOURCE = 12;
    private static final byte ICMP_ECHOREPLY = 0; // <linux/icmp.h>
    private static final byte ICMP_ECHO = 8;
    private static final int CHECKSUM = 2;
    private static final int IDENTIFIER = 4;
    private static final int SEQUENCE = 6;
    private static final int HEADER_LENGTH = 8;
    private static final int MESSAGE_LENGTH = HEADER_LENGTH + 56; // ping(8)'s
    private static final int RECEIVE_LENGTH = 2048;
    private static final ValueLayout.OfShort NETWORK_SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment address = arena.allocate(SOCKADDR_IN_LENGTH, 4);
    private final MemorySegment request = arena.allocate(MESSAGE_LENGTH, 4);
    private final MemorySegment packet = arena.allocate(RECEIVE_LENGTH, 4);
    private final short identifier = (short) ThreadLocalRandom.current().nextInt(1 << 16);
    private final Poll poll = new Poll(1);
    private final int fd;

    private IcmpSocket(int fd, InetAddress target) {
        this.fd = fd;
        poll.set(0, fd, Poll.POLLIN);
        address.set(JAVA_SHORT_UNALIGNED, 0, (short) LinuxSocket.AF_INET);
        MemorySegment.copy(target.getAddress(), 0, address, JAVA_BYTE, SOCKADDR_IN_ADDRESS, 4);
        request.set(JAVA_BYTE, 0, ICMP_ECHO);
        request.set(NETWORK_SHORT, IDENTIFIER, identifier);
    }

    /** In the network namespace of the calling thread. */
    static IcmpSocket open(InetAddress target) {
        int fd = LinuxSocket.socket(LinuxSocket.AF_INET, LinuxSocket.SOCK_RAW | LinuxSocket.SOCK_NONBLOCK,
            IPPROTO_ICMP);
        LinuxException.check("socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)", fd);
        return new IcmpSocket(fd, target);
    }

    /**
     * @param sequence 0 to 65,535
     * @return why it could not be sent, or an empty text
     */
    String sendEcho(int sequence) {
        request.set(NETWORK_SHORT, SEQUENCE, (short) sequence);
        request.set(NETWORK_SHORT, CHECKSUM, (short) 0);
        request.set(NETWORK_SHORT, CHECKSUM, checksum());
        long sent = LinuxSocket.sendto(CallState.current(), fd, request.address(), MESSAGE_LENGTH, 0,
            address.address(), SOCKADDR_IN_LENGTH);
        return sent < 0 ? new LinuxException("sendto", (int) -sent).getMessage() : "";
    }

    /** RFC 1071 checksum over the whole message. */
    private short checksum() {
        int sum = 0;
        for (int at = 0; at < MESSAGE_LENGTH; at += 2) {
            sum += Short.toUnsignedInt(request.get(NETWORK_SHORT, at));
        }
        sum = (sum & 0xFFFF) + (sum >>> 16);
        return (short) ~(sum + (sum >>> 16));
    }

    /**
     * Waits for the next reply.
     *
     * @param endNanos of {@link System#nanoTime}
     * @return its sequence number, or -1 if none has arrived by then
     */
    int receiveReply(long endNanos) {
        while (true) {
            long length = LinuxSocket.recv(CallState.current(), fd, packet.address(), RECEIVE_LENGTH, 0);
            if (length >= 0) {
                int header = (packet.get(JAVA_BYTE, 0) & 0xF) * 4; // of IPv4: a raw socket also receives the IP header
                if (isReply(header, length)) {
                    return Short.toUnsignedInt(packet.get(NETWORK_SHORT, header + SEQUENCE));
                }
            } else if (length == -Errno.EAGAIN) {
                long leftMillis = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime() + 999_999);
                if (leftMillis <= 0) { return -1; }
                poll.poll((int) leftMillis);
            } else {
                throw new LinuxException("recv", (int) -length);
            }
        }
    }

    private boolean isReply(int header, long length) {
        return length >= header + HEADER_LENGTH && packet.get(JAVA_BYTE, header) == ICMP_ECHOREPLY
            && packet.get(NETWORK_SHORT, header + IDENTIFIER) == identifier
            && packet.get(JAVA_INT_UNALIGNED, IPV4_SOURCE) == address.get(JAVA_INT_UNALIGNED, SOCKADDR_IN_ADDRESS);
    }

    @Override
    public void close() {
        Descriptors.close(fd);
        arena.close();
    }
}
