package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/**
 * A ring that the kernel fills and this process empties. The producer index is the kernel's: loaded with acquire, before the
 * entries are read. The consumer index is ours: stored with release, after they have been read. Thread: one. Allocation: none.
 */
abstract sealed class ConsumerRing permits RxRing, CompletionRing {
    private final long producerAt;
    private final long consumerAt;
    private final int size;
    final long entriesAt;
    final int mask;
    int consumer;
    private int cachedProducer;

    ConsumerRing(RingMemory memory) {
        producerAt = memory.producerAt();
        consumerAt = memory.consumerAt();
        entriesAt = memory.entriesAt();
        size = memory.entries();
        mask = size - 1;
        consumer = NativeMemory.getAcquireInt(consumerAt);
        cachedProducer = consumer;
    }

    /** Number of entries. */
    public final int size() {
        return size;
    }

    /** How many entries, at most {@code max}, can be read now; numbered from 0 until {@link #release}. */
    public final int peek(int max) {
        int available = cachedProducer - consumer;
        if (available < max) {
            cachedProducer = NativeMemory.getAcquireInt(producerAt);
            available = cachedProducer - consumer;
        }
        return Math.min(available, max);
    }

    /** Gives the first {@code count} entries back to the kernel. */
    public final void release(int count) {
        consumer += count;
        NativeMemory.setReleaseInt(consumerAt, consumer);
    }
}
