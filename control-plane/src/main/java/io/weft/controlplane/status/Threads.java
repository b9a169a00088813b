package io.weft.controlplane.status;

/** The end of threads that work until they are interrupted. */
public final class Threads {
    private Threads() {
    }

    /** Interrupts a thread and waits for its end. If the caller is interrupted meanwhile, it stays so and does not wait. */
    public static void end(Thread thread) {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
