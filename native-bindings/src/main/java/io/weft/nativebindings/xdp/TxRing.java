package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/**
 * Descriptors of frames to send. {@link #submit} does not send them: call {@link XskSocket#kick} while {@link #needWakeup}. In copy mode
 * the kernel sends only inside that call, by default at most 32 frames per call. Thread: one. Allocation: none.
 */
public final class TxRing extends ProducerRing {
    TxRing(RingMemory memory) {
        super(memory);
    }

    /**
     * @param slot 0 to the result of {@link #reserve} minus 1
     * @param offset of the first byte in the UMEM; in a UMEM with transmit metadata at least {@link TxMetadata#LENGTH} bytes after the
     *     chunk's start, even if this frame has no metadata
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
