package io.weft.controlplane;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition, with a limit far beyond what is needed. */
public final class Await {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private Await() {
    }

    public static void until(String what, BooleanSupplier condition) {
        until(what, condition, () -> "");
    }

    /** @param actual what is the case instead, for the message */
    public static void until(String what, BooleanSupplier condition, Supplier<String> actual) {
        long deadlineNanos = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadlineNanos) {
                fail("not within " + LIMIT.toSeconds() + " s: " + what
                    + (actual.get().isEmpty() ? "" : ", but " + actual.get()));
            }
            Thread.onSpinWait();
            sleepBriefly();
        }
    }

    private static void sleepBriefly() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            fail("interrupted");
        }
    }
}
