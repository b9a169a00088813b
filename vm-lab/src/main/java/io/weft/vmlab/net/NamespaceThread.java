package io.weft.vmlab.net;

import io.weft.nativebindings.netlink.NetworkNamespace;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A platform thread that stays in one network namespace. What it opens (sockets, child processes, files under
 * {@code /proc/thread-self/net}) belongs to that namespace; any thread may use a socket opened here afterwards.
 */
public final class NamespaceThread implements AutoCloseable {
    private final LinkedBlockingQueue<FutureTask<?>> tasks = new LinkedBlockingQueue<>();
    private volatile boolean closing;
    private final Thread thread;

    /** @param netns path of the namespace, for example {@code /run/netns/weft-n1} */
    public NamespaceThread(Path netns) {
        thread = Thread.ofPlatform().daemon().name("netns-" + netns.getFileName()).start(() -> serve(netns));
    }

    private void serve(Path netns) {
        try {
            NetworkNamespace.call(netns, () -> {
                while (!closing) {
                    tasks.take().run();
                }
                return null;
            });
        } catch (Exception e) {
            throw new IllegalStateException("cannot work in network namespace " + netns, e);
        } finally {
            tasks.forEach(task -> task.cancel(false));
        }
    }

    /**
     * Runs {@code work} in the namespace and waits for its result.
     *
     * @throws Exception what {@code work} threw
     */
    public <T> T call(Callable<T> work) throws Exception {
        FutureTask<T> task = new FutureTask<>(work);
        if (!thread.isAlive()) { throw new IllegalStateException(thread.getName() + " has ended"); }
        tasks.add(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) { throw cause; }
            throw e;
        }
    }

    @Override
    public void close() {
        closing = true;
        tasks.add(new FutureTask<>(() -> null)); // wakes the thread up, so that it notices
    }
}
