package io.weft.controlplane.compiler;

import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.WriteTarget;
import io.weft.controlplane.status.DataplaneView;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Operators' writes on the control loop. Any thread; no caller waits for the loop longer than {@value #PATIENCE_SECONDS} s. */
final class LoopWriteTarget implements WriteTarget {
    private static final int PATIENCE_SECONDS = 5;

    /** Runs tasks on the control loop's thread. */
    @FunctionalInterface
    interface Loop {
        <T> CompletableFuture<T> submit(Supplier<T> task);
    }

    /** Tables that contain a write. */
    private record Published(long incarnation, long generation) {
    }

    private final Loop loop;
    private final TableUpdates updates;
    private final TablesPublisher publisher;
    private final DataplaneView dataplane;

    LoopWriteTarget(Loop loop, TableUpdates updates, TablesPublisher publisher, DataplaneView dataplane) {
        this.loop = loop;
        this.updates = updates;
        this.publisher = publisher;
        this.dataplane = dataplane;
    }

    @Override
    public Assessment assess(OperatorState next) throws TimeoutException {
        return answer(loop.submit(() -> updates.compilation().assess(next)));
    }

    @Override
    public BooleanSupplier use(OperatorState state) {
        CompletableFuture<Published> published = loop.submit(() -> {
            updates.use(state);
            return new Published(publisher.isPublished() ? publisher.incarnation() : 0, publisher.generation());
        });
        return () -> published.isDone() && !published.isCompletedExceptionally()
            && isUsed(published.getNow(new Published(0, 0)));
    }

    private boolean isUsed(Published tables) {
        return tables.incarnation != 0 && dataplane.uses(tables.incarnation, tables.generation);
    }

    @Override
    public Map<String, String> uses() throws TimeoutException {
        return answer(loop.submit(() -> updates.compilation().operatorUses()));
    }

    private static <T> T answer(CompletableFuture<T> future) throws TimeoutException {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TimeoutException("interrupted");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new TimeoutException("the control loop has not answered for " + PATIENCE_SECONDS + " s");
        }
    }
}
