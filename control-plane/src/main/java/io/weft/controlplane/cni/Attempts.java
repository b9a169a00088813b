package io.weft.controlplane.cni;

import java.io.IOException;

/** Runs steps, all of them even if some fail. The first failure is thrown; the others are suppressed exceptions of it. One thread. */
final class Attempts {
    /** A step that may fail. */
    @FunctionalInterface
    interface Step {
        void run() throws IOException;
    }

    private Exception first;

    /** @return whether the step succeeded */
    boolean run(Step step) {
        try {
            step.run();
            return true;
        } catch (IOException | RuntimeException e) {
            add(e);
            return false;
        }
    }

    /** Throws the first failure unchanged, if there was one. */
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
