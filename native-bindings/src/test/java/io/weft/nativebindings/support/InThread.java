package io.weft.nativebindings.support;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs code on a thread of its own, for what changes the thread: affinity, capabilities, namespaces. */
public final class InThread {
    private InThread() {}

    /** Its result; its exception as it was thrown. */
    public static <T> T call(Callable<T> task) throws Exception {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.ofPlatform().start(future);
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) { throw cause; }
            throw e;
        }
    }
}
