package io.weft.controlplane.cni;

import java.io.IOException;

/** Steps that are all taken although some fail. The first failure counts; the others are suppressed ones of it. One thread. */
final class Attempts {
    /** A step that may fail. */
    @FunctionalInterface
    interface Step {
        void run() throws IOException;
    }

    private Exception first;

    /** @return whether it was done */
    boolean run(Step step) {
        try {
            step.run();
            return true;
        } catch (IOException | RuntimeException e) {
            add(e);
            return false;
        }
    }

    /** Throws the first failure, as it was, if there was one. */
    void rethrow() throws IOException {
        switch (first) {
            case null -> {}
            case IOException failure -> throw failure;
            case RuntimeException failure -> throw failure;
            default -> throw new IllegalStateException(first);
        }
    }

    private void add(Exception failure) {
        if (first == null) {
            first = failure;
        } else {
            first.addSuppressed(failure);
        }
    }
}
