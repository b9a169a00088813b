package io.weft.controlplane.operator;

import io.weft.controlplane.operator.WriteTarget.Assessment;
import io.weft.controlplane.operator.WriteTarget.Effect;
import io.weft.dataplane.log.LogLevel;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out operators' writes: one after the other, each kept on disk before the tables get it, so that nothing is in force that a restart
 * would lose. Any thread; a write waits for the one before it, for the disk, and a moment for the workers.
 */
public final class OperatorWrites {
    private static final Logger LOG = LoggerFactory.getLogger(OperatorWrites.class);
    private static final long IN_USE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long POLL_MILLIS = 2;

    /**
     * How a write is to be carried out.
     *
     * @param dryRun answer what it would change, and change nothing
     * @param force despite objections
     * @param precondition given what is there now; throws an exception of the caller's if that is not as expected
     */
    public record Options(boolean dryRun, boolean force, Consumer<Optional<OperatorWrite>> precondition) {
    }

    /**
     * What became of a write.
     *
     * @param effects what it has changed, or would change
     * @param inUse whether all workers use it; they soon will if not. False after a dry run
     * @param dryRun whether nothing was changed, because that was asked for
     */
    public record Result(Optional<OperatorWrite> before, Optional<OperatorWrite> after, List<Effect> effects,
        boolean inUse, boolean dryRun) {
    }

    private final OperatorFile file;
    private final WriteTarget target;
    private final Runnable changed;
    private final ReentrantLock lock = new ReentrantLock();
    /** Written under the lock, read by any thread; immutable, so volatile is enough. */
    private volatile OperatorState state;

    /**
     * Reads the file and puts its writes into force.
     *
     * @param changed called after each change
     */
    public OperatorWrites(OperatorFile file, WriteTarget target, Runnable changed) {
        this.file = file;
        this.target = target;
        this.changed = changed;
        state = file.read();
        file.problem().ifPresent(LOG::warn);
        apply(state);
    }

    public OperatorState state() {
        return state;
    }

    /** Why earlier writes are not in force; empty if they are. */
    public Optional<String> problem() {
        return file.problem();
    }

    /** What each write does at present: {@link WriteTarget#uses}. */
    public Map<String, String> uses() throws TimeoutException {
        return target.uses();
    }

    /**
     * Adds the write, or replaces the one about the same subject. One that says the same changes nothing.
     *
     * @throws ObjectionException unless forced
     * @throws IOException if it cannot be kept; nothing is changed then
     * @throws TimeoutException if the control loop does not answer; nothing is changed then
     */
    public Result put(OperatorWrite write, Options options) throws ObjectionException, IOException, TimeoutException {
        return change(write.kind(), write.subject(), Optional.of(write), options);
    }

    /** Removes the write, if it is there. Errors: as for {@link #put}; there are no objections. */
    public Result delete(WriteKind kind, String subject, Options options)
        throws ObjectionException, IOException, TimeoutException {
        return change(kind, subject, Optional.empty(), options);
    }

    private Result change(WriteKind kind, String subject, Optional<OperatorWrite> after, Options options)
        throws ObjectionException, IOException, TimeoutException {
        BooleanSupplier inUse;
        Optional<OperatorWrite> before;
        Assessment assessment;
        lock.lock();
        try {
            before = state.find(kind, subject);
            options.precondition().accept(before);
            OperatorState next = after.map(write -> state.with(write)).orElseGet(() -> state.without(kind, subject));
            boolean same = before.isEmpty() ? after.isEmpty() : after.filter(before.get()::saysTheSameAs).isPresent();
            if (same) { return new Result(before, before, List.of(), !options.dryRun(), options.dryRun()); }
            assessment = target.assess(next);
            if (after.isPresent() && !options.force() && !assessment.objections().isEmpty()) {
                throw new ObjectionException(assessment.objections());
            }
            if (options.dryRun()) { return new Result(before, after, assessment.effects(), false, true); }
            file.write(next);
            state = next;
            inUse = apply(next);
        } finally {
            lock.unlock();
        }
        LOG.info("operator: {}",
            after.map(write -> write.title() + (write.comment().isEmpty() ? "" : " (" + write.comment() + ")"))
                .orElseGet(() -> "no longer " + before.orElseThrow().title()));
        changed.run();
        return new Result(before, after, assessment.effects(), await(inUse), false);
    }

    private BooleanSupplier apply(OperatorState now) {
        if (now.logLevel() != LogLevel.current()) {
            now.logLevel().use();
        }
        return target.use(now);
    }

    private static boolean await(BooleanSupplier inUse) {
        long deadline = System.nanoTime() + IN_USE_NANOS;
        while (!inUse.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) { return false; }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }
}
