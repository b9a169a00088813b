package io.weft.nativebindings.xdp;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.weft.nativebindings.linux.CallState;
import io.weft.nativebindings.linux.Descriptors;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.InterfaceNames;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.LinuxSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * An AF_XDP socket for one queue of one device. Any thread may set it up; afterwards {@link #kick}, {@link #wakeReceive} and the rings
 * belong to one thread. It belongs to the network namespace of the thread that created it.
 */
public final class XskSocket implements AutoCloseable {
    /** Flags of {@link #bind}; {@code sxdp_flags} of {@code <linux/if_xdp.h>}. */
    public static final int XDP_SHARED_UMEM = 1;

    public static final int XDP_COPY = 2;
    public static final int XDP_ZEROCOPY = 4;
    public static final int XDP_USE_NEED_WAKEUP = 8;
    public static final int XDP_USE_SG = 16;

    private static final long BUSY_RETRY_NANOS = 2_000_000_000L;
    private static final long BUSY_PAUSE_MILLIS = 5;

    private final int fd;
    private final CallState kickState = new CallState();
    private final List<RingMemory> mappings = new ArrayList<>();
    private Umem umem;
    private RingSizes sizes;
    private FillRing fill;
    private CompletionRing completion;
    private RxRing rx;
    private TxRing tx;
    private boolean open = true;

    private XskSocket(int fd) {
        this.fd = fd;
    }

    /** socket(AF_XDP) in the calling thread's network namespace. */
    public static XskSocket create() {
        int fd = LinuxSocket.socket(LinuxSocket.AF_XDP, LinuxSocket.SOCK_RAW, 0);
        if (fd < 0) { throw new LinuxException("socket(AF_XDP)", -fd, createHint(-fd)); }
        return new XskSocket(fd);
    }

    /** Creates and maps the rings. Call it once, before {@link #bind}. */
    public void createRings(RingSizes sizes) {
        if (this.sizes != null) { throw new IllegalStateException("this socket already has its rings"); }
        this.sizes = sizes;
        ringOption("fill ring", XdpAbi.XDP_UMEM_FILL_RING, sizes.fill());
        ringOption("completion ring", XdpAbi.XDP_UMEM_COMPLETION_RING, sizes.completion());
        ringOption("rx ring", XdpAbi.XDP_RX_RING, sizes.rx());
        ringOption("tx ring", XdpAbi.XDP_TX_RING, sizes.tx());
        try (Arena arena = Arena.ofConfined()) {
            mapRings(mmapOffsets(arena));
        }
    }

    /**
     * Binds a socket on which a UMEM was registered. If the queue is busy, retries for 2 s, because the kernel releases the queue of a
     * closed socket with a delay. After a failure it may be called again with other flags.
     *
     * @param flags {@code XDP_COPY}, {@code XDP_ZEROCOPY} or neither (the kernel then tries zero-copy first); {@code XDP_USE_NEED_WAKEUP};
     *     {@code XDP_USE_SG} for frames of several descriptors
     */
    public void bind(int ifindex, int queue, int flags) {
        if (umem == null) { throw new IllegalStateException("register a UMEM on the socket first, or use bindShared"); }
        bind(ifindex, queue, flags, 0);
    }

    /**
     * Binds to the UMEM of another socket, whose mode, need-wakeup and multi-buffer flags apply. On a device or queue other than that
     * socket's, this socket needs fill and completion rings.
     */
    public void bindShared(int ifindex, int queue, Umem shared) {
        bind(ifindex, queue, XDP_SHARED_UMEM, shared.owner().fd());
        umem = shared;
    }

    public int fd() {
        return fd;
    }

    /** The UMEM that this socket uses; null before it has one. */
    public Umem umem() {
        return umem;
    }

    /** Null if its size was 0; the same holds for the other rings. */
    public FillRing fill() {
        return fill;
    }

    public CompletionRing completion() {
        return completion;
    }

    public RxRing rx() {
        return rx;
    }

    public TxRing tx() {
        return tx;
    }

    /**
     * Makes the kernel send the frames in the tx ring. Thread: that of the rings. Allocation: none.
     *
     * @return 0, or -errno: EAGAIN, EBUSY or ENOBUFS if frames remain or the device's queue is full; ENXIO if the device is gone; ENETDOWN
     *     if it is down
     */
    public int kick() {
        return (int) LinuxSocket.sendto(kickState, fd, 0, 0, LinuxSocket.MSG_DONTWAIT, 0, 0);
    }

    /** Makes the kernel read the fill ring again; call it if {@link FillRing#needWakeup}. Returns 0 or -errno. Allocation: none. */
    public int wakeReceive() {
        return (int) LinuxSocket.recv(kickState, fd, 0, 0, LinuxSocket.MSG_DONTWAIT);
    }

    /** Sets how many frames one {@link #kick} may send in copy mode; the default is 32. Returns false if the kernel does not support it. */
    public boolean setMaxTxBudget(int frames) {
        return LinuxSocket.setsockopt(fd, LinuxSocket.SOL_XDP, XdpAbi.XDP_MAX_TX_SKB_BUDGET, frames) == 0;
    }

    /** Whether the socket is in zero-copy mode; known after bind. */
    public boolean isZeroCopy() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment options = arena.allocate(JAVA_INT);
            LinuxException.check(
                "getsockopt(XDP_OPTIONS)",
                LinuxSocket.getsockopt(fd, LinuxSocket.SOL_XDP, XdpAbi.XDP_OPTIONS, options));
            return (options.get(JAVA_INT, 0) & XdpAbi.XDP_OPTIONS_ZEROCOPY) != 0;
        }
    }

    /** Reads the statistics into a new object. To read again without allocation, keep it and call {@link XskStatistics#read}. */
    public XskStatistics statistics() {
        XskStatistics statistics = new XskStatistics();
        LinuxException.check("getsockopt(XDP_STATISTICS)", statistics.read(this));
        return statistics;
    }

    /** Reads and clears SO_ERROR: ENETDOWN after the bound device was deleted, otherwise 0. poll(2) does not report that. */
    public int takeError() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment error = arena.allocate(JAVA_INT);
            LinuxSocket.getsockopt(fd, LinuxSocket.SOL_SOCKET, LinuxSocket.SO_ERROR, error);
            return error.get(JAVA_INT, 0);
        }
    }

    /** Unmaps the rings, then closes the socket: a mapped ring would keep the queue busy. A second call does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            mappings.forEach(ring -> ring.mapping().close());
            Descriptors.close(fd);
        }
    }

    void registered(Umem own) {
        umem = own;
    }

    private void ringOption(String ring, int option, int entries) {
        if (entries > 0) {
            LinuxException.check(
                "create the " + ring + " of " + entries + " entries",
                LinuxSocket.setsockopt(fd, LinuxSocket.SOL_XDP, option, entries));
        }
    }

    private MemorySegment mmapOffsets(Arena arena) {
        MemorySegment offsets = arena.allocate(XdpAbi.MMAP_OFFSETS_SIZE, Long.BYTES);
        int length = LinuxException.check(
            "getsockopt(XDP_MMAP_OFFSETS)",
            LinuxSocket.getsockopt(fd, LinuxSocket.SOL_XDP, XdpAbi.XDP_MMAP_OFFSETS, offsets));
        if (length != XdpAbi.MMAP_OFFSETS_SIZE) {
            throw new LinuxException("getsockopt(XDP_MMAP_OFFSETS)", Errno.EPROTO, "Linux 5.4 or later is needed");
        }
        return offsets;
    }

    private void mapRings(MemorySegment offsets) {
        if (sizes.fill() > 0) {
            fill = new FillRing(map("fill ring", XdpAbi.XDP_UMEM_PGOFF_FILL_RING, offsets, XdpAbi.MMAP_OFFSETS_FILL,
                sizes.fill(), XdpAbi.UMEM_ENTRY_SIZE));
        }
        if (sizes.completion() > 0) {
            completion = new CompletionRing(map("completion ring", XdpAbi.XDP_UMEM_PGOFF_COMPLETION_RING, offsets,
                XdpAbi.MMAP_OFFSETS_COMPLETION, sizes.completion(), XdpAbi.UMEM_ENTRY_SIZE));
        }
        if (sizes.rx() > 0) {
            rx = new RxRing(map("rx ring", XdpAbi.XDP_PGOFF_RX_RING, offsets, XdpAbi.MMAP_OFFSETS_RX, sizes.rx(),
                XdpAbi.DESC_SIZE));
        }
        if (sizes.tx() > 0) {
            tx = new TxRing(map("tx ring", XdpAbi.XDP_PGOFF_TX_RING, offsets, XdpAbi.MMAP_OFFSETS_TX, sizes.tx(),
                XdpAbi.DESC_SIZE));
        }
    }

    private RingMemory map(String ring, long pageOffset, MemorySegment offsets, int at, int entries, int entrySize) {
        MemorySegment ringOffsets = offsets.asSlice(at, XdpAbi.RING_OFFSET_SIZE);
        RingMemory memory = RingMemory.map(fd, ring, pageOffset, ringOffsets, entries, entrySize);
        mappings.add(memory);
        return memory;
    }

    private void bind(int ifindex, int queue, int flags, int sharedFd) {
        if (sizes == null) { throw new IllegalStateException("call createRings before bind"); }
        long deadline = System.nanoTime() + BUSY_RETRY_NANOS;
        int result = tryBind(ifindex, queue, flags, sharedFd);
        while (result == -Errno.EBUSY && System.nanoTime() < deadline && pause()) {
            result = tryBind(ifindex, queue, flags, sharedFd);
        }
        if (result < 0) {
            String operation = "bind(AF_XDP, " + InterfaceNames.describe(ifindex) + " queue " + queue + ")";
            throw new LinuxException(operation, -result, bindHint(-result, queue, flags));
        }
    }

    private int tryBind(int ifindex, int queue, int flags, int sharedFd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(XdpAbi.SOCKADDR_SIZE, Integer.BYTES);
            address.set(JAVA_SHORT, XdpAbi.SOCKADDR_FAMILY, (short) LinuxSocket.AF_XDP);
            address.set(JAVA_SHORT, XdpAbi.SOCKADDR_FLAGS, (short) flags);
            address.set(JAVA_INT, XdpAbi.SOCKADDR_IFINDEX, ifindex);
            address.set(JAVA_INT, XdpAbi.SOCKADDR_QUEUE_ID, queue);
            address.set(JAVA_INT, XdpAbi.SOCKADDR_SHARED_UMEM_FD, sharedFd);
            return LinuxSocket.bind(fd, address);
        }
    }

    /** Returns false if the thread was interrupted; its interrupt flag stays set. */
    private static boolean pause() {
        try {
            Thread.sleep(BUSY_PAUSE_MILLIS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String createHint(int errno) {
        return switch (errno) {
            case Errno.EPERM -> "AF_XDP needs CAP_NET_RAW";
            case Errno.EAFNOSUPPORT -> "This kernel has no AF_XDP: it needs CONFIG_XDP_SOCKETS";
            default -> "";
        };
    }

    private String bindHint(int errno, int queue, int flags) {
        return switch (errno) {
            case Errno.EBUSY -> "Another socket owns this queue: stop the other AF_XDP program";
            case Errno.EINVAL -> invalidHint(queue, flags);
            case Errno.EOPNOTSUPP -> (flags & XDP_ZEROCOPY) != 0
                ? "The driver does not support zero-copy: bind with XDP_COPY"
                : "The device does not support this mode: try without XDP_USE_SG";
            case Errno.ENODEV -> "There is no such device in this network namespace";
            case Errno.EBADF -> "The UMEM's first socket is closed or its device is gone: share another UMEM";
            default -> "";
        };
    }

    private String invalidHint(int queue, int flags) {
        if ((flags & XDP_SHARED_UMEM) != 0 && (sizes.fill() == 0 || sizes.completion() == 0)) {
            return "On a device or queue other than that of the UMEM's first socket, fill and completion rings are needed";
        }
        return "Does the device have a queue " + queue
            + "? (ethtool -l; a veth has one unless it was created with more)";
    }
}
