package io.weft.controlplane.compiler;

import io.weft.controlplane.healthcheck.HealthCheckNodePort;
import io.weft.controlplane.ipam.AttachmentStore;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.Throttle;
import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.table.PeerSpec;
import io.weft.encap.address.IpAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * Updates the tables to what the objects say, and watches until the workers use them. After a failure it rebuilds everything from all
 * objects; if that fails too, the tables stay as they are, {@link #health} says so, and it tries again. Thread: the control loop.
 */
final class TableUpdates {
    /** Short next to the time that a change takes, which it rounds up. */
    private static final Duration OBSERVE = Duration.ofNanos(250_000);
    static final long FIRST_RETRY_MILLIS = 100;
    static final long LAST_RETRY_MILLIS = 30_000;

    /** Runs a task later on the control loop's thread. */
    @FunctionalInterface
    interface Later {
        void schedule(Duration delay, Runnable task);
    }

    private final Compilation compilation;
    private final TablesPublisher publisher;
    private final AttachmentStore store;
    private final DataplaneView dataplane;
    private final Failures failures;
    private final Later later;
    private final Runnable reportChanged;
    private final LoopHealth health = new LoopHealth();
    private final UpdateLatency latency = new UpdateLatency();
    private Consumer<Collection<HealthCheckNodePort>> healthCheckListener = _ -> {};
    private List<HealthCheckNodePort> healthChecks = List.of();
    private boolean observing;
    private boolean retrying;
    private boolean retryingSoon;
    private long retryMillis = FIRST_RETRY_MILLIS;

    TableUpdates(TableCompiler.Factory factory, TablesPublisher publisher, Collection<PeerSpec> formerPeers,
        AttachmentStore store, DataplaneView dataplane, Failures failures, Later later, Runnable reportChanged) {
        this.compilation = new Compilation(factory, formerPeers);
        this.publisher = publisher;
        this.store = store;
        this.dataplane = dataplane;
        this.failures = failures;
        this.later = later;
        this.reportChanged = reportChanged;
    }

    Compilation compilation() {
        return compilation;
    }

    /** Readable by any thread. */
    LoopHealth health() {
        return health;
    }

    /** Any thread. */
    Histogram latencyHistogram() {
        return latency.histogram();
    }

    UpdateLatency.Summary latency() {
        return latency.summary();
    }

    /** Passes on what health check ports tell, whenever it has changed and the tables are published. */
    void passHealthChecksTo(Consumer<Collection<HealthCheckNodePort>> listener) {
        healthCheckListener = listener;
    }

    /** Errors: any; {@link #recover} must then be called. */
    void apply(ClusterChange change) {
        ClusterChange difference = compilation.absorb(change);
        if (health.isStuck()) {
            retrySoon();
        } else {
            compile(difference);
            finish(change.arrivalNanos());
        }
    }

    /** The addresses of this machine's devices. Errors: as for {@link #apply}. */
    void setOwnAddresses(Set<IpAddress> addresses) {
        boolean news = compilation.setOwnAddresses(addresses);
        if (news && compilation.isAbsorbed() && !health.isStuck()) {
            compile(new ClusterChange(0, List.of(), List.of()));
            finish(System.nanoTime());
        }
    }

    /** What operators have written. Errors: as for {@link #apply}. */
    void use(OperatorState operator) {
        compilation.use(operator);
        publisher.setLogLevel(operator.logLevel());
        if (compilation.isAbsorbed() && !health.isStuck()) {
            compile(new ClusterChange(0, List.of(), List.of()));
            finish(System.nanoTime());
        }
    }

    private void compile(ClusterChange difference) {
        if (compilation.leavesOut()) {
            rebuild();
            return;
        }
        ChangeBuffer changes = new ChangeBuffer();
        compilation.compile(difference, changes, throttle());
        changes.passOn(publisher, throttle());
        if (countFailures()) {
            rebuild();
        }
    }

    private void rebuild() {
        DesiredTables wanted = compilation.rebuild(publisher.desired(), throttle());
        ChangeBuffer changes = new ChangeBuffer();
        publisher.desired().differenceTo(wanted, changes);
        changes.passOn(publisher, throttle());
    }

    /** A node that forwards nothing yet waits for its first tables: they are made as fast as possible. */
    private Throttle throttle() {
        return Throttle.when(dataplane.hasTables());
    }

    private boolean countFailures() {
        List<Throwable> news = compilation.takeFailures();
        news.forEach(failure -> failures.add("compiler", failure));
        return !news.isEmpty();
    }

    private void finish(long arrivalNanos) {
        countFailures();
        if (compilation.becomesSynced()) {
            publisher.allowPublication();
        }
        compilation.local().ifPresent(local -> store.usePrefix(local.podCidr()));
        commit(arrivalNanos);
        passHealthChecks();
        health.well();
        retryMillis = FIRST_RETRY_MILLIS;
        if (compilation.hasFailures()) {
            retryLater();
        }
        reportChanged.run();
    }

    private void passHealthChecks() {
        List<HealthCheckNodePort> now = compilation.healthChecks();
        if (publisher.isPublished() && !now.equals(healthChecks)) {
            healthChecks = now;
            healthCheckListener.accept(now);
        }
    }

    // -- publication and use -----------------------------------------------------------------------------------------

    /** Publishes what was changed. */
    void commit(long arrivalNanos) {
        if (publisher.commit()) {
            latency.committed(arrivalNanos, publisher.generation());
            observeSoon();
        }
    }

    /** Whether a running dataplane has adopted the published tables. */
    boolean areInUse() {
        return publisher.isPublished() && dataplane.hasAdopted(publisher.incarnation());
    }

    private void observe() {
        latency.observe(generation -> dataplane.uses(publisher.incarnation(), generation));
        if (latency.isWaiting()) {
            observeSoon();
        }
    }

    private void observeSoon() {
        if (!observing) {
            observing = true;
            later.schedule(OBSERVE, () -> {
                observing = false;
                observe();
            });
        }
    }

    // -- failures ----------------------------------------------------------------------------------------------------

    /** Must be called with whatever a task of the loop throws: no state is trusted after that. */
    void recover(Throwable failure) {
        failures.add("control loop", failure);
        if (health.isStuck()) {
            retryLater();
            return;
        }
        try {
            rebuild();
            finish(System.nanoTime());
        } catch (RuntimeException | Error again) {
            stuck(again);
        }
    }

    private void stuck(Throwable failure) {
        health.stuck(failure);
        failures.add("rebuild of the tables", failure);
        retryLater();
        reportChanged.run();
    }

    private void retryLater() {
        if (!retrying) {
            retrying = true;
            later.schedule(Duration.ofMillis(retryMillis), () -> {
                retrying = false;
                retry();
            });
            retryMillis = Math.min(2 * retryMillis, LAST_RETRY_MILLIS);
        }
    }

    private void retrySoon() {
        if (!retryingSoon) {
            retryingSoon = true;
            later.schedule(Duration.ofMillis(FIRST_RETRY_MILLIS), () -> {
                retryingSoon = false;
                retry();
            });
        }
    }

    private void retry() {
        if (!health.isStuck() && !compilation.hasFailures() && !compilation.leavesOut()) { return; }
        long next = retryMillis;
        try {
            rebuild();
            finish(System.nanoTime());
        } catch (RuntimeException | Error e) {
            stuck(e);
        }
        retryMillis = next; // an object that keeps failing is tried less and less often
    }
}
