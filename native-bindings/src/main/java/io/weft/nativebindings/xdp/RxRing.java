package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/** Received frames, as descriptors. {@code index} is below what {@link #peek} returned. Thread: one. Allocation: none. */
public final class RxRing extends ConsumerRing {
    RxRing(RingMemory memory) {
        super(memory);
    }

    /** UMEM offset of the first byte (of an aligned UMEM; else see {@link XdpDescriptor#unalignedOffset}). */
    public long address(int index) {
        return NativeMemory.getLong(at(index) + XdpAbi.DESC_ADDR);
    }

    /** Bytes in this descriptor's chunk. */
    public int length(int index) {
        return NativeMemory.getInt(at(index) + XdpAbi.DESC_LEN);
    }

    /** Bits of {@link XdpDescriptor}. */
    public int options(int index) {
        return NativeMemory.getInt(at(index) + XdpAbi.DESC_OPTIONS);
    }

    private long at(int index) {
        return entriesAt + (long) ((consumer + index) & mask) * XdpAbi.DESC_SIZE;
    }
}
