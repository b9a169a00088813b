package io.weft.dataplane.testing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.weft.nativebindings.linux.CallState;
import io.weft.nativebindings.linux.Descriptors;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.LinuxSocket;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** An AF_PACKET socket that sends raw frames through one device and receives none. */
public final class RawSender implements AutoCloseable {
    private static final int SOCKADDR_LL_LENGTH = 20; // <linux/if_packet.h>
    private static final int FRAME_LIMIT = 65_536;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment frame = arena.allocate(FRAME_LIMIT);
    private final int fd;

    public RawSender(Path namespace, String device) throws Exception {
        fd = NetworkNamespace.call(namespace, () -> open(device));
    }

    private static int open(String device) {
        int fd = check("socket(AF_PACKET)",
            LinuxSocket.socket(LinuxSocket.AF_PACKET, LinuxSocket.SOCK_RAW | LinuxSocket.SOCK_CLOEXEC, 0));
        try (Rtnetlink links = Rtnetlink.open(); Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(SOCKADDR_LL_LENGTH, Integer.BYTES);
            address.set(JAVA_SHORT_UNALIGNED, 0, (short) LinuxSocket.AF_PACKET);
            address.set(JAVA_INT_UNALIGNED, Integer.BYTES, links.link(device).orElseThrow().index());
            check("bind(AF_PACKET)", LinuxSocket.bind(fd, address));
        }
        return fd;
    }

    /** Any thread, one at a time. */
    public void send(byte[] bytes) {
        MemorySegment.copy(bytes, 0, frame, JAVA_BYTE, 0, bytes.length);
        check("sendto(AF_PACKET) of " + bytes.length + " bytes",
            (int) LinuxSocket.sendto(CallState.current(), fd, frame.address(), bytes.length, 0, 0, 0));
    }

    private static int check(String operation, int result) {
        if (result < 0) { throw new LinuxException(operation, -result); }
        return result;
    }

    @Override
    public void close() {
        Descriptors.close(fd);
        arena.close();
    }
}
