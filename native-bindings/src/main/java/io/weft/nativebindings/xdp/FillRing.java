package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/** Free chunks into which the kernel receives. Thread: one. Allocation: none. */
public final class FillRing extends ProducerRing {
    FillRing(RingMemory memory) {
        super(memory);
    }

    /**
     * @param slot 0 to the result of {@link #reserve} minus 1
     * @param offset of the chunk in the UMEM; the kernel ignores the bits below the chunk size
     */
    public void put(int slot, long offset) {
        NativeMemory.putLong(entriesAt + (long) ((producer + slot) & mask) * XdpAbi.UMEM_ENTRY_SIZE, offset);
    }
}
