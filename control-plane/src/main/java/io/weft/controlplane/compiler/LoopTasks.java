package io.weft.controlplane.compiler;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread of the control loop, and how others have it do something. No failure of a task ends it: it goes to the loop's recovery, and on to
 * the caller if there is one. Any thread.
 */
final class LoopTasks {
    private static final Logger LOG = LoggerFactory.getLogger(LoopTasks.class);
    private static final int PATIENCE_SECONDS = 5;

    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1,
        Thread.ofPlatform().name("control").daemon().factory());
    private final LoopHealth health;
    private final Consumer<Throwable> recovery;

    /** @param recovery from an exception of a task; called on the loop's thread */
    LoopTasks(LoopHealth health, Consumer<Throwable> recovery) {
        this.health = health;
        this.recovery = recovery;
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** Does not wait for it. */
    void execute(Runnable task) {
        try {
            executor.execute(() -> guarded(task));
        } catch (RejectedExecutionException e) {
            LOG.debug("stopping", e);
        }
    }

    /** Does not wait for it. */
    void schedule(Duration delay, Runnable task) {
        try {
            Future<?> _ = executor.schedule(() -> guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("stopping", e);
        }
    }

    /** Its result, which the caller may wait for. A checked exception is an answer to the caller, not a failure of the loop. */
    <T> Future<T> answer(Callable<T> task) {
        return executor.submit(() -> guardedCall(task));
    }

    /** Like {@link #answer}, for a task without checked exceptions. */
    <T> CompletableFuture<T> submit(Supplier<T> task) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return guardedCall(task::get);
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }, executor);
    }

    /** Waits for the result. */
    <T> T call(Callable<T> task) {
        return submit(() -> {
            try {
                return task.call();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }).join();
    }

    /** Ends the thread after the tasks that are waiting now. */
    void close() {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("the control loop has not stopped in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void guarded(Runnable task) {
        health.begin();
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            recovery.accept(e);
        } finally {
            health.end();
        }
    }

    private <T> T guardedCall(Callable<T> task) throws Exception {
        health.begin();
        try {
            return task.call();
        } catch (RuntimeException | Error e) {
            recovery.accept(e);
            throw e;
        } finally {
            health.end();
        }
    }
}
