package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.counters.PortCounter;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.port.ChunkOwners;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.Port;
import io.weft.nativebindings.xdp.XskSocket;
import io.weft.nativebindings.xdp.XskStatistics;

/**
 * A queue of a network interface, through an AF_XDP socket on the worker's frame memory: an {@link RxQueue} and a {@link TxQueue}.
 *
 * <p>The {@link AfXdpDevice} owns the socket and closes it. The rings belong to the worker from the moment the port is assigned to it until
 * it no longer uses the port.
 *
 * <p>Threads: the worker; any thread may call {@link #failure} and {@link #heldChunks}. Allocation: none in the worker's methods.
 */
final class AfXdpPort implements Port {
    /** Maximum number of descriptors of a frame: a linear part and MAX_SKB_FRAGS, {@code <linux/skbuff.h>}. */
    static final int MAX_DESCRIPTORS = 18;

    private final int id;
    private final XskSocket socket;
    private final int maxSegments;
    private final ChunkOwners owners;
    private final WorkerCounters counters;
    private final RxQueue rx;
    private final TxQueue tx;
    private final XskStatistics statistics = new XskStatistics();

    /**
     * @param socket bound, with all four rings, on a UMEM of the memory
     * @param txMetadata whether that UMEM was registered for checksum requests
     * @param multiBuffer whether the socket was bound for frames of several descriptors
     */
    AfXdpPort(int id, XskSocket socket, boolean txMetadata, boolean multiBuffer, FrameMemory memory,
        WorkerCounters counters) {
        this.id = id;
        this.socket = socket;
        this.counters = counters;
        maxSegments = multiBuffer ? MAX_DESCRIPTORS : 1;
        owners = memory.owners();
        rx = new RxQueue(id, socket, memory.pool(), owners, counters);
        tx = new TxQueue(id, socket, txMetadata, memory.pool(), owners, counters);
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public int receive(FrameBatch into) {
        return rx.receive(into);
    }

    @Override
    public int transmit(FrameBatch batch, FrameList frames) {
        return tx.transmit(batch, frames);
    }

    @Override
    public int maxSegments() {
        return maxSegments;
    }

    @Override
    public void flush() {
        tx.flush();
    }

    @Override
    public boolean hasUnsent() {
        return tx.hasUnsent();
    }

    @Override
    public int descriptor() {
        return socket.fd();
    }

    /** Frees chunks on the rings and in the kernel. The socket is closed, so the kernel no longer uses them. */
    @Override
    public int reclaim() {
        return owners.reclaim(id);
    }

    // -- conductor ---------------------------------------------------------------------------------------------------

    /** The positive errno that showed that the device is gone (ENXIO, ENODEV), or 0. */
    int failure() {
        return tx.failure();
    }

    /** Chunks lent to the kernel, to receive into or to send. The worker changes the two numbers meanwhile; a late one does no harm. */
    int heldChunks() {
        return rx.lent() + tx.outstanding();
    }

    /** Copies the kernel's counters of the socket. */
    void readStatistics() {
        if (statistics.read(socket) == 0) {
            counters.setPort(id, PortCounter.XDP_RX_DROPPED, statistics.rxDropped());
            counters.setPort(id, PortCounter.XDP_RX_INVALID, statistics.rxInvalidDescriptors());
            counters.setPort(id, PortCounter.XDP_TX_INVALID, statistics.txInvalidDescriptors());
            counters.setPort(id, PortCounter.XDP_RX_RING_FULL, statistics.rxRingFull());
            counters.setPort(id, PortCounter.XDP_FILL_RING_EMPTY, statistics.fillRingEmpty());
            counters.setPort(id, PortCounter.XDP_TX_RING_EMPTY, statistics.txRingEmpty());
        }
    }
}
