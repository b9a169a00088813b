package io.weft.dataplane.port;

import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FramePool;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.xdp.RingSizes;
import io.weft.nativebindings.xdp.Umem;
import io.weft.nativebindings.xdp.XskSocket;

/**
 * The memory that all frames of one worker lie in, and the AF_XDP sockets over it.
 *
 * <p>The first socket anchors it: it registers the memory, and the sockets of other devices share that registration, in its copy mode. Its
 * device must live as long as the process, because once it is gone no other socket can join. A zero-copy socket registers the same memory
 * for itself.
 *
 * <p>Thread: the conductor; pool and owners are the worker's. Cold code.
 */
public final class FrameMemory implements AutoCloseable {
    /** A linear part and MAX_SKB_FRAGS, {@code <linux/skbuff.h>}. */
    public static final int MAX_DESCRIPTORS = 18;

    private static final int LINK_HEADER = 18;
    private static final int LONGEST_IPV4 = 0xFFFF;

    private final MappedMemory region;
    private final FramePool pool;
    private final ChunkOwners owners;
    private Umem anchor;
    private boolean txMetadata = true;
    private boolean multiBuffer;

    private FrameMemory(MappedMemory region, int chunks, ChunkLayout layout) {
        this.region = region;
        pool = new FramePool(region.address(), chunks, layout);
        owners = new ChunkOwners(pool);
    }

    public static FrameMemory allocate(int chunks, ChunkLayout layout) {
        return new FrameMemory(MappedMemory.anonymous(layout.bytes(chunks), true), chunks, layout);
    }

    public FramePool pool() {
        return pool;
    }

    public ChunkOwners owners() {
        return owners;
    }

    /** Whether sockets may be asked for checksums, by transmit metadata (Linux 6.8); known after {@link #anchor}. */
    public boolean hasTxMetadata() {
        return txMetadata;
    }

    /** Whether the sockets that share it carry frames of several descriptors (Linux 6.6); known after {@link #anchor}. */
    public boolean hasMultiBuffer() {
        return multiBuffer;
    }

    /** Bytes of the longest IPv4 packet that sockets which share it carry, behind an Ethernet header and a tag. */
    public int longestPacket() {
        int segment = pool.chunkSize() - FramePool.HEADROOM;
        int segments = multiBuffer ? MAX_DESCRIPTORS : 1;
        return Math.min(segments * segment - LINK_HEADER, LONGEST_IPV4);
    }

    /** Opens the first socket, which the others share. Frames of several descriptors are taken where the kernel can. */
    public XskSocket anchor(int ifindex, int queue, RingSizes sizes) {
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

    public boolean isAnchored() { return anchor != null; }

    /** Opens a socket that shares the anchor's registration and mode. */
    public XskSocket share(int ifindex, int queue, RingSizes sizes) {
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

    /** Whether a device may use the memory without copies: no chunk lies in two pages, which need not be neighbours for the device. */
    public boolean suitsZeroCopy() {
        return pool.layout().isAligned();
    }

    /** Opens a socket without copies. */
    public XskSocket zeroCopy(int ifindex, int queue, RingSizes sizes) {
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

    /** Once all sockets are closed. */
    @Override
    public void close() {
        region.close();
    }

    /** One system call sends a whole batch, where the kernel lets us say so (Linux 6.17); else 32 frames. */
    private static void createRings(XskSocket socket, RingSizes sizes) {
        socket.createRings(sizes);
        socket.setMaxTxBudget(Math.min(sizes.tx(), FrameBatch.CAPACITY));
    }

    private Umem register(XskSocket socket) {
        try {
            return register(socket, true);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL) { throw e; }
            txMetadata = false; // before Linux 6.8: the ports complete checksums themselves
            return register(socket, false);
        }
    }

    private Umem register(XskSocket socket, boolean withTxMetadata) {
        return Umem.register(socket, region, new Umem.Layout(pool.chunkSize(), FramePool.EXTRA_HEADROOM, withTxMetadata,
            !pool.layout().isAligned()));
    }

    /** @return whether the socket carries frames of several descriptors */
    private static boolean bindCopying(XskSocket socket, int ifindex, int queue) {
        int flags = XskSocket.XDP_COPY | XskSocket.XDP_USE_NEED_WAKEUP;
        try {
            socket.bind(ifindex, queue, flags | XskSocket.XDP_USE_SG);
            return true;
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.EOPNOTSUPP) { throw e; }
            socket.bind(ifindex, queue, flags); // before Linux 6.6: longer frames are dropped by the kernel
            return false;
        }
    }
}
