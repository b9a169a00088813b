package io.weft.nativebindings.support;

import java.util.function.BooleanSupplier;

/** Waits for a condition, with a limit far above what any machine needs. */
public final class Await {
    private static final long LIMIT_NANOS = 30_000_000_000L;

    private Await() {}

    public static void until(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + LIMIT_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) { throw new AssertionError("waited too long for " + what); }
            Thread.onSpinWait();
        }
    }
}
