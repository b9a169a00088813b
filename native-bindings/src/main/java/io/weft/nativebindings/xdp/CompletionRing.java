package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/**
 * Chunks of frames that the kernel has sent or dropped. Each submitted descriptor returns here once. In copy mode that includes one that
 * was refused as invalid (seen on 6.18). While this ring is full, the kernel sends nothing. Thread: one. Allocation: none.
 */
public final class CompletionRing extends ConsumerRing {
    CompletionRing(RingMemory memory) {
        super(memory);
    }

    /** UMEM offset of entry {@code index}, as it was submitted; {@code index} is below the result of {@link #peek}. */
    public long at(int index) {
        return NativeMemory.getLong(entriesAt + (long) ((consumer + index) & mask) * XdpAbi.UMEM_ENTRY_SIZE);
    }
}
