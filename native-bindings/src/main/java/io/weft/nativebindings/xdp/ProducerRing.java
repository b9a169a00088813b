package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/**
 * A ring that this process fills and the kernel empties. The producer index is ours: stored with release, after the entries.
 * The consumer index is the kernel's: loaded with acquire, and only when the cached one leaves too little room. Indexes run
 * through all of 32 bits and wrap. Thread: one. Allocation: none.
 */
abstract sealed class ProducerRing permits FillRing, TxRing {
    private final long producerAt;
    private final long consumerAt;
    private final long flagsAt;
    private final int size;
    final long entriesAt;
    final int mask;
    int producer;
    private int cachedConsumer;

    ProducerRing(RingMemory memory) {
        producerAt = memory.producerAt();
        consumerAt = memory.consumerAt();
        flagsAt = memory.flagsAt();
        entriesAt = memory.entriesAt();
        size = memory.entries();
        mask = size - 1;
        producer = NativeMemory.getAcquireInt(producerAt);
        cachedConsumer = NativeMemory.getAcquireInt(consumerAt);
    }

    /** Number of entries. */
    public final int size() {
        return size;
    }

    /** How many slots, at most {@code wanted}, may be put now. Nothing is held until {@link #submit}. */
    public final int reserve(int wanted) {
        int free = size - (producer - cachedConsumer);
        if (free < wanted) {
            cachedConsumer = NativeMemory.getAcquireInt(consumerAt);
            free = size - (producer - cachedConsumer);
        }
        return Math.min(free, wanted);
    }

    /** Hands the first {@code count} slots put since the last submit to the kernel. */
    public final void submit(int count) {
        producer += count;
        NativeMemory.setReleaseInt(producerAt, producer);
    }

    /** Slots the kernel has left free by now. */
    public final int free() {
        return size - outstanding();
    }

    /** Entries submitted and not yet taken by the kernel. */
    public final int outstanding() {
        cachedConsumer = NativeMemory.getAcquireInt(consumerAt);
        return producer - cachedConsumer;
    }

    /**
     * Whether the kernel waits for a call before it goes on with this ring. Without USE_NEED_WAKEUP at bind always false. Read
     * it after {@link #submit}; as the kernel may set it at the same moment, ask again while entries stay outstanding.
     */
    public final boolean needWakeup() {
        return (NativeMemory.getOpaqueInt(flagsAt) & XdpAbi.XDP_RING_NEED_WAKEUP) != 0;
    }
}
