package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/** Descriptors of received frames. {@code index} is below the result of {@link #peek}. Thread: one. Allocation: none. */
public final class RxRing extends ConsumerRing {
    RxRing(RingMemory memory) {
        super(memory);
    }

    /** UMEM offset of the first byte if chunks are aligned; otherwise pass the result to {@link XdpDescriptor#unalignedOffset}. */
    public long address(int index) {
        return NativeMemory.getLong(at(index) + XdpAbi.DESC_ADDR);
    }

    /** Number of bytes in this descriptor's chunk. */
    public int length(int index) {
        return NativeMemory.getInt(at(index) + XdpAbi.DESC_LEN);
    }

    /** Option bits, see {@link XdpDescriptor}. */
    public int options(int index) {
        return NativeMemory.getInt(at(index) + XdpAbi.DESC_OPTIONS);
    }

    private long at(int index) {
        return entriesAt + (long) ((consumer + index) & mask) * XdpAbi.DESC_SIZE;
    }
}
