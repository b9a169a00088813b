package io.weft.dataplane.warmup;

/** Placeholder. */
public final class WarmUp {
    private WarmUp() {
    }

    public static void run(int chunkSize) {
    }
}
