package io.weft.dataplane.port.afxdp;

import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.xdp.RingSizes;
import io.weft.nativebindings.xdp.Umem;
import io.weft.nativebindings.xdp.XskSocket;

/** Asks a device's driver for zero-copy before the frame memory is laid out, which depends on the answer ({@code ChunkLayout}). Cold code. */
final class ZeroCopy {
    private static final int CHUNK = 4096;
    private static final int RING = 64;
    private static final int QUEUE = 0;

    private ZeroCopy() {
    }

    /**
     * Binds a socket with a little memory of its own to the first queue, and closes it.
     *
     * @return the errno with which the device refused, or 0: it has zero-copy
     */
    static int refusal(int ifindex) {
        try (MappedMemory memory = MappedMemory.anonymous(RING * CHUNK, false); XskSocket socket = XskSocket.create()) {
            Umem.register(socket, memory, CHUNK, 0, false);
            socket.createRings(RingSizes.all(RING));
            socket.bind(ifindex, QUEUE, XskSocket.XDP_ZEROCOPY | XskSocket.XDP_USE_NEED_WAKEUP);
            return 0;
        } catch (LinuxException e) {
            return e.errno();
        }
    }
}
