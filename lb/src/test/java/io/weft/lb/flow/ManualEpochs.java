package io.weft.lb.flow;

import java.util.concurrent.atomic.AtomicLong;

/** Epochs that the test advances. */
final class ManualEpochs implements Epochs {
    private final AtomicLong current = new AtomicLong(1);

    void advance() {
        current.incrementAndGet();
    }

    @Override
    public long current() {
        return current.get();
    }

    @Override
    public boolean passed(long epoch) {
        return current.get() > epoch;
    }
}
