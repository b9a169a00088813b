package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/**
 * Frames to send. Submitting is not sending: call {@link XskSocket#kick} while {@link #needWakeup} (in copy mode the kernel
 * sends only inside that call, and at most 32 frames of it by default). Thread: one. Allocation: none.
 */
public final class TxRing extends ProducerRing {
    TxRing(RingMemory memory) {
        super(memory);
    }

    /**
     * @param slot from 0 up to what {@link #reserve} returned
     * @param offset of the first byte in the UMEM; in a UMEM with transmit metadata at least {@link TxMetadata#LENGTH} past the
     *     chunk's start, whether or not this frame has any
     * @param length bytes in this chunk
     * @param options bits of {@link XdpDescriptor}
     */
    public void put(int slot, long offset, int length, int options) {
        long at = entriesAt + (long) ((producer + slot) & mask) * XdpAbi.DESC_SIZE;
        NativeMemory.putLong(at + XdpAbi.DESC_ADDR, offset);
        NativeMemory.putInt(at + XdpAbi.DESC_LEN, length);
        NativeMemory.putInt(at + XdpAbi.DESC_OPTIONS, options);
    }
}
