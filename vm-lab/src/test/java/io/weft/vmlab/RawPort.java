package io.weft.vmlab;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.weft.nativebindings.linux.CallState;
import io.weft.nativebindings.linux.Descriptors;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.LinuxSocket;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.vmlab.net.NamespaceThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.Predicate;

/** An AF_PACKET socket on one interface: sends and receives frames unchanged. */
public final class RawPort implements AutoCloseable {
    private static final int ETH_P_ALL_NETWORK_ORDER = 0x0300; // <linux/if_ether.h>
    private static final int SOCKADDR_LL_LENGTH = 20; // <linux/if_packet.h>
    private static final int FRAME_LIMIT = 65_536;
    private static final long AWAIT_NANOS = 3_000_000_000L;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment frame = arena.allocate(FRAME_LIMIT);
    private final int fd;

    private RawPort(int fd) {
        this.fd = fd;
    }

    public static RawPort open(NamespaceThread where, String device) throws Exception {
        return where.call(() -> {
            int ifindex;
            try (Rtnetlink links = Rtnetlink.open()) {
                ifindex = links.link(device).orElseThrow().index();
            }
            int type = LinuxSocket.SOCK_RAW | LinuxSocket.SOCK_CLOEXEC | LinuxSocket.SOCK_NONBLOCK;
            int fd = check("socket(AF_PACKET)",
                LinuxSocket.socket(LinuxSocket.AF_PACKET, type, ETH_P_ALL_NETWORK_ORDER));
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment address = arena.allocate(SOCKADDR_LL_LENGTH, 4);
                address.set(JAVA_SHORT_UNALIGNED, 0, (short) LinuxSocket.AF_PACKET);
                address.set(JAVA_SHORT_UNALIGNED, 2, (short) ETH_P_ALL_NETWORK_ORDER);
                address.set(JAVA_INT_UNALIGNED, 4, ifindex);
                check("bind(AF_PACKET)", LinuxSocket.bind(fd, address));
            }
            return new RawPort(fd);
        });
    }

    private static int check(String operation, int result) {
        if (result < 0) { throw new LinuxException(operation, -result); }
        return result;
    }

    public void send(byte[] bytes) {
        MemorySegment.copy(bytes, 0, frame, JAVA_BYTE, 0, bytes.length);
        check("sendto(AF_PACKET)",
            (int) LinuxSocket.sendto(CallState.current(), fd, frame.address(), bytes.length, 0, 0, 0));
    }

    /** The first frame within three seconds that {@code wanted} accepts. */
    public Optional<byte[]> await(Predicate<byte[]> wanted) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < AWAIT_NANOS) {
            long length = LinuxSocket.recv(CallState.current(), fd, frame.address(), FRAME_LIMIT, 0);
            if (length > 0) {
                byte[] bytes = frame.asSlice(0, length).toArray(JAVA_BYTE);
                if (wanted.test(bytes)) { return Optional.of(bytes); }
            } else {
                Thread.onSpinWait();
            }
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        Descriptors.close(fd);
        arena.close();
    }
}
