package io.weft.nativebindings.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class LinuxSocketTest {
    @Test
    void optionsCanBeSetAndRead() {
        int fd = LinuxException.check("socket", LinuxSocket.socket(LinuxSocket.AF_INET, LinuxSocket.SOCK_DGRAM, 0));
        try (var arena = java.lang.foreign.Arena.ofConfined()) {
            assertEquals(0, LinuxSocket.setsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_RCVBUF, 8192));
            var value = arena.allocate(8);
            assertEquals(4, LinuxSocket.getsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_RCVBUF, value));
            assertEquals(16384, value.get(java.lang.foreign.ValueLayout.JAVA_INT, 0));
        } finally {
            Descriptors.close(fd);
        }
    }

    @Test
    void refusalsAreNegativeErrno() {
        CallState state = CallState.current();
        assertEquals(-Errno.EBADF, LinuxSocket.sendto(state, -1, 0, 0, LinuxSocket.MSG_DONTWAIT, 0, 0));
        assertEquals(-Errno.EBADF, LinuxSocket.recv(state, -1, 0, 0, LinuxSocket.MSG_DONTWAIT));
        assertEquals(-Errno.EAFNOSUPPORT, LinuxSocket.socket(1000, LinuxSocket.SOCK_RAW, 0));
    }

    @Test
    void exceptionSaysOperationSymbolAndHint() {
        LinuxException e = assertThrows(LinuxException.class, () -> LinuxException.check("bind(AF_XDP, eth1)", -16));
        assertEquals("bind(AF_XDP, eth1): EBUSY (16) Device or resource busy", e.getMessage());
        assertEquals("x: EPERM (1) Operation not permitted. Do y", new LinuxException("x", 1, "Do y").getMessage());
        assertEquals(1L << 40, LinuxException.check("mmap", 1L << 40));
    }
}
