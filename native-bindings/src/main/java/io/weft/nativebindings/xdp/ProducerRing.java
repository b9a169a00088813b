package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/**
 * A ring that this process fills and the kernel empties. This process owns the producer index: it is stored with release after the entries.
 * The kernel owns the consumer index: it is loaded with acquire, and only when the cached value leaves too little room. Indexes use all 32
 * bits and wrap around. Thread: one. Allocation: none.
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

    /** Number of slots that can be filled now, at most {@code wanted}. Nothing is reserved until {@link #submit}. */
    public final int reserve(int wanted) {
        int free = size - (producer - cachedConsumer);
        if (free < wanted) {
            cachedConsumer = NativeMemory.getAcquireInt(consumerAt);
            free = size - (producer - cachedConsumer);
        }
        return Math.min(free, wanted);
    }

    /** Passes the first {@code count} slots filled since the last submit to the kernel. */
    public final void submit(int count) {
        producer += count;
        NativeMemory.setReleaseInt(producerAt, producer);
    }

    /** Number of free slots, with the kernel's current index. */
    public final int free() {
        return size - outstanding();
    }

    /** Number of entries that were submitted and that the kernel has not taken yet. */
    public final int outstanding() {
        cachedConsumer = NativeMemory.getAcquireInt(consumerAt);
        return producer - cachedConsumer;
    }

    /**
     * Whether the kernel waits for a system call before it continues with this ring. Always false without USE_NEED_WAKEUP at bind. Read it
     * after {@link #submit}. The kernel may set it at the same moment, so ask again while entries are outstanding.
     */
    public final boolean needWakeup() {
        return (NativeMemory.getOpaqueInt(flagsAt) & XdpAbi.XDP_RING_NEED_WAKEUP) != 0;
    }
}
