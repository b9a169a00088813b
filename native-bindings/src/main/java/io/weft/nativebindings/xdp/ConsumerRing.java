package io.weft.nativebindings.xdp;

import io.weft.nativebindings.linux.NativeMemory;

/**
 * A ring that the kernel fills and this process empties. The kernel owns the producer index: it is loaded with acquire before the entries
 * are read. This process owns the consumer index: it is stored with release after the entries have been read. Thread: one. Allocation:
 * none.
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

    /** Number of entries that can be read now, at most {@code max}. They are numbered from 0 until {@link #release}. */
    public final int peek(int max) {
        int available = cachedProducer - consumer;
        if (available < max) {
            cachedProducer = NativeMemory.getAcquireInt(producerAt);
            available = cachedProducer - consumer;
        }
        return Math.min(available, max);
    }

    /** Returns the first {@code count} entries to the kernel. */
    public final void release(int count) {
        consumer += count;
        NativeMemory.setReleaseInt(consumerAt, consumer);
    }
}
