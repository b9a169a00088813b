package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/** Chunks for the kernel to receive into. Thread: one. Allocation: none. */
public final class FillRing extends ProducerRing {
    FillRing(RingMemory memory) {
        super(memory);
    }

    /**
     * @param slot from 0 up to what {@link #reserve} returned
     * @param offset of the chunk in the UMEM; the kernel ignores the bits below the chunk size
     */
    public void put(int slot, long offset) {
        NativeMemory.putLong(entriesAt + (long) ((producer + slot) & mask) * XdpAbi.UMEM_ENTRY_SIZE, offset);
    }
}
