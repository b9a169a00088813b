package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.WorkerMemory;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.xdp.RingSizes;
import io.weft.nativebindings.xdp.Umem;
import io.weft.nativebindings.xdp.XskSocket;

/**
 * A worker's frame memory as a UMEM, and the sockets that the worker's ports open on it.
 *
 * <p>The first socket anchors the UMEM: it registers the memory, and the sockets of other devices share that registration in copy mode. Its
 * device must exist until the process ends, because no socket can join after it is gone. A zero-copy socket registers the same memory for
 * itself.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class WorkerUmem {
    private final FrameMemory memory;
    private final WorkerCounters counters;
    private Umem anchor;
    private boolean txMetadata = true;
    private boolean multiBuffer;

    WorkerUmem(WorkerMemory worker) {
        memory = worker.memory();
        counters = worker.counters();
    }

    /** Opens a socket in copy mode. The first one is the anchor. */
    XskSocket copying(int ifindex, int queue, RingSizes sizes) {
        return anchor == null ? anchor(ifindex, queue, sizes) : share(ifindex, queue, sizes);
    }

    /**
     * Whether a zero-copy device may use the memory: no chunk crosses a page boundary, because pages may not be contiguous for the device.
     */
    boolean suitsZeroCopy() {
        return layout().isAligned();
    }

    /** Opens a socket in zero-copy mode. */
    XskSocket zeroCopy(int ifindex, int queue, RingSizes sizes) {
        XskSocket socket = XskSocket.create();
        try {
            register(socket, txMetadata);
            socket.createRings(sizes);
            socket.bind(ifindex, queue, XskSocket.XDP_ZEROCOPY | XskSocket.XDP_USE_NEED_WAKEUP);
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** The worker's port on a socket opened by this object. */
    AfXdpPort port(int id, XskSocket socket, boolean zeroCopy) {
        return new AfXdpPort(id, socket, txMetadata, !zeroCopy && multiBuffer, memory, counters);
    }

    /** Binds for frames of several descriptors if the kernel supports them (Linux 6.6). */
    private XskSocket anchor(int ifindex, int queue, RingSizes sizes) {
        XskSocket socket = XskSocket.create();
        try {
            anchor = register(socket);
            createRings(socket, sizes);
            multiBuffer = bindCopying(socket, ifindex, queue);
            return socket;
        } catch (RuntimeException e) {
            anchor = null;
            socket.close();
            throw e;
        }
    }

    private XskSocket share(int ifindex, int queue, RingSizes sizes) {
        XskSocket socket = XskSocket.create();
        try {
            createRings(socket, sizes);
            socket.bindShared(ifindex, queue, anchor);
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** Makes one system call send a whole batch if the kernel supports that (Linux 6.17); otherwise it sends 32 frames. */
    private static void createRings(XskSocket socket, RingSizes sizes) {
        socket.createRings(sizes);
        socket.setMaxTxBudget(Math.min(sizes.tx(), FrameBatch.CAPACITY));
    }

    private Umem register(XskSocket socket) {
        try {
            return register(socket, true);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL) { throw e; }
            txMetadata = false; // before Linux 6.8 the ports complete checksums themselves
            return register(socket, false);
        }
    }

    private Umem register(XskSocket socket, boolean withTxMetadata) {
        return Umem.register(socket, memory.region(), new Umem.Layout(layout().chunkSize(), FramePool.EXTRA_HEADROOM,
            withTxMetadata, !layout().isAligned()));
    }

    private ChunkLayout layout() {
        return memory.pool().layout();
    }

    /** @return whether the socket carries frames of several descriptors */
    private static boolean bindCopying(XskSocket socket, int ifindex, int queue) {
        int flags = XskSocket.XDP_COPY | XskSocket.XDP_USE_NEED_WAKEUP;
        try {
            socket.bind(ifindex, queue, flags | XskSocket.XDP_USE_SG);
            return true;
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.EOPNOTSUPP) { throw e; }
            socket.bind(ifindex, queue, flags); // before Linux 6.6 the kernel drops longer frames
            return false;
        }
    }
}
