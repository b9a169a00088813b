package io.weft.nativebindings.xdp;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.LinuxSocket;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.Rlimits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that consists of frame chunks and is registered with the kernel through one socket. Other sockets share it through
 * {@link XskSocket#bindShared}. The kernel keeps it as long as any of them is open. All of them run in the mode of the first socket, and no
 * socket can join once the first one's device is gone, so register the UMEM on a device that stays. The region must stay mapped until the
 * last socket is closed. The same region may be registered several times.
 */
public final class Umem {
    private final XskSocket owner;
    private final MappedMemory region;
    private final Layout layout;

    private Umem(XskSocket owner, MappedMemory region, Layout layout) {
        this.owner = owner;
        this.region = region;
        this.layout = layout;
    }

    /**
     * How the region is divided into chunks.
     *
     * @param chunkSize bytes: 2048 or 4096 (a power of two up to the page size); with {@code unaligned} any size from 2048
     * @param headroom bytes left free before a received frame, in addition to XDP's own 256
     * @param txMetadata whether every chunk keeps {@link TxMetadata#LENGTH} bytes before a frame to send; Linux 6.8
     * @param unaligned whether chunks may start at any offset
     */
    public record Layout(int chunkSize, int headroom, boolean txMetadata, boolean unaligned) {
        public Layout(int chunkSize, int headroom, boolean txMetadata) {
            this(chunkSize, headroom, txMetadata, false);
        }

        private int flags() {
            return (unaligned ? XdpAbi.XDP_UMEM_UNALIGNED_CHUNK_FLAG : 0)
                | (txMetadata ? XdpAbi.XDP_UMEM_TX_METADATA_LEN : 0);
        }
    }

    /** Registers the whole region with aligned chunks. */
    public static Umem register(
        XskSocket socket, MappedMemory region, int chunkSize, int headroom, boolean txMetadata) {
        return register(socket, region, new Layout(chunkSize, headroom, txMetadata));
    }

    /** Registers the whole region. If the kernel refuses because of the limit of locked memory, tries once more after raising the limit. */
    public static Umem register(XskSocket socket, MappedMemory region, Layout layout) {
        int result = setOption(socket, region, layout);
        if (result == -Errno.ENOBUFS && Rlimits.raiseMemlock()) {
            result = setOption(socket, region, layout);
        }
        if (result < 0) { throw refused(region, layout, -result); }
        Umem umem = new Umem(socket, region, layout);
        socket.registered(umem);
        return umem;
    }

    /** The socket on which it was registered. */
    public XskSocket owner() {
        return owner;
    }

    public MappedMemory region() {
        return region;
    }

    /** Native address of offset 0. */
    public long address() {
        return region.address();
    }

    public Layout layout() {
        return layout;
    }

    public int chunkSize() {
        return layout.chunkSize();
    }

    /** Number of whole chunks in the region. */
    public int chunks() {
        return (int) (region.size() / layout.chunkSize());
    }

    private static int setOption(XskSocket socket, MappedMemory region, Layout layout) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment registration = arena.allocate(XdpAbi.UMEM_REG_SIZE, Long.BYTES);
            registration.set(JAVA_LONG, XdpAbi.UMEM_REG_ADDR, region.address());
            registration.set(JAVA_LONG, XdpAbi.UMEM_REG_LEN, region.size());
            registration.set(JAVA_INT, XdpAbi.UMEM_REG_CHUNK_SIZE, layout.chunkSize());
            registration.set(JAVA_INT, XdpAbi.UMEM_REG_HEADROOM, layout.headroom());
            registration.set(JAVA_INT, XdpAbi.UMEM_REG_FLAGS, layout.flags());
            registration.set(JAVA_INT, XdpAbi.UMEM_REG_TX_METADATA_LEN, layout.txMetadata() ? TxMetadata.LENGTH : 0);
            return LinuxSocket.setsockopt(socket.fd(), LinuxSocket.SOL_XDP, XdpAbi.XDP_UMEM_REG, registration);
        }
    }

    private static LinuxException refused(MappedMemory region, Layout layout, int errno) {
        String operation = "register a UMEM of " + (region.size() >> 10) + " KiB in chunks of " + layout.chunkSize();
        String hint = switch (errno) {
            case Errno.ENOBUFS -> "The limit of locked memory (RLIMIT_MEMLOCK) is " + Rlimits.memlockText()
                + " for all UMEMs together: raise it (ulimit -l, LimitMEMLOCK=) or grant CAP_IPC_LOCK";
            case Errno.EINVAL -> "Chunks must be 2048 or 4096 bytes, the region must be page aligned and at least one"
                + " chunk long, and the headroom smaller than a chunk minus 256"
                + (layout.txMetadata() ? ", and transmit metadata needs Linux 6.8" : "");
            case Errno.EBUSY -> "This socket already has a UMEM: create another socket";
            default -> "";
        };
        return new LinuxException(operation, errno, hint);
    }
}
