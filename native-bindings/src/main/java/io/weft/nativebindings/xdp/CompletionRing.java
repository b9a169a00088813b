package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/**
 * Chunks of frames that the kernel has sent or given up. Every descriptor submitted comes back here once, in copy mode also one
 * that was refused as invalid (seen on 6.18). While this ring is full nothing is sent. Thread: one. Allocation: none.
 */
public final class CompletionRing extends ConsumerRing {
    CompletionRing(RingMemory memory) {
        super(memory);
    }

    /** UMEM offset as it was submitted, of entry {@code index} below what {@link #peek} returned. */
    public long at(int index) {
        return NativeMemory.getLong(entriesAt + (long) ((consumer + index) & mask) * XdpAbi.UMEM_ENTRY_SIZE);
    }
}
