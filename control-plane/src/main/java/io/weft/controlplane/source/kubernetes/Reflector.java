package io.weft.controlplane.source.kubernetes;

import io.weft.controlplane.kubernetes.ApiConnection;
import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.source.kubernetes.ApiException.Failure;
import io.weft.controlplane.source.kubernetes.ResourceReader.Listing;
import io.weft.controlplane.status.Failures;
import io.weft.dataplane.config.ConfigurationException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Keeps the {@link ClusterState} of one resource up to date: lists it, watches it from there on, and after a failure continues where it was,
 * or lists again if the server no longer knows what has happened since. A thread of its own; no failure ends it.
 */
final class Reflector implements Runnable {
    private static final Duration LONGEST_WATCH = Duration.ofMinutes(10);
    /** A watch that ends sooner than this is not a success. */
    private static final Duration SHORT_WATCH = Duration.ofSeconds(5);
    private static final Duration STEP = Duration.ofMillis(500);
    /** A list that the server may answer from what it has at hand. */
    private static final String ANY_VERSION = "0";
    private static final String MOST_RECENT = "";

    private final Resource resource;
    private final ResourceReader reader;
    private final KubernetesApi api;
    private final ClusterState state;
    private final SourceHealth health;
    private final Failures failures;
    private final Runnable changed;
    /** Attempts to connect cost a server that is down nothing, and its return must be noticed soon. */
    private final Backoff unreachable = new Backoff(1, Duration.ofMillis(200), Duration.ofSeconds(1));
    /** A server that answers with errors is to be spared. */
    private final Backoff refused = new Backoff(4, Duration.ofSeconds(1), Duration.ofSeconds(30));
    /** A server that has restarted no longer knows older versions, so a list is soon needed; several in a row are not normal. */
    private final Backoff relists = new Backoff(1, Duration.ofMillis(200), Duration.ofSeconds(30));
    private boolean isListed;
    private boolean wasListed;
    private boolean isWatching;

    /** @param changed called when state or health have changed */
    Reflector(Resource resource, ResourceReader reader, KubernetesApi api, ClusterState state, SourceHealth health,
        Failures failures, Runnable changed) {
        this.resource = resource;
        this.reader = reader;
        this.api = api;
        this.state = state;
        this.health = health;
        this.failures = failures;
        this.changed = changed;
    }

    @Override
    public void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                follow();
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | Error e) {
                failures.add("watch of " + resource.name(), e);
                isListed = false;
                sleepQuietly(refused.next());
            }
        }
    }

    private void follow() throws InterruptedException {
        ApiConnection connection;
        try {
            connection = api.connection();
        } catch (ConfigurationException e) {
            report(e.getMessage());
            Thread.sleep(unreachable.next());
            return;
        }
        long startNanos = System.nanoTime();
        isWatching = false;
        try {
            if (!isListed) {
                list(connection);
            }
            watch(connection);
        } catch (ApiException e) {
            if (isWatching && System.nanoTime() - startNanos > SHORT_WATCH.toNanos()) {
                succeeded();
            }
            failed(connection, e);
            return;
        }
        if (isListed && System.nanoTime() - startNanos > SHORT_WATCH.toNanos()) {
            succeeded();
        } else {
            pause((isListed ? unreachable : relists).next(), connection);
        }
    }

    private void list(ApiConnection connection) throws ApiException, InterruptedException {
        Listing listing = reader.list(connection, wasListed ? MOST_RECENT : ANY_VERSION);
        state.listed(resource.kind(), listing.objects(), listing.version(), System.nanoTime());
        isListed = true;
        wasListed = true;
        changed.run();
    }

    /** A list that is not believed is watched only for a while, and then made again. */
    private void watch(ApiConnection connection) throws ApiException, InterruptedException {
        Kind kind = resource.kind();
        Duration limit = state.isDoubtful(kind) ? relists.next() : longWatch();
        reader.watch(connection, state.newestVersion(kind), limit, new Applier());
        if (state.isDoubtful(kind)) {
            isListed = false;
        }
    }

    /** Of random length, so that not all nodes begin a new watch at once. */
    private static Duration longWatch() {
        long longest = LONGEST_WATCH.toMillis();
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(longest / 2, longest));
    }

    private final class Applier implements ResourceReader.Events {
        @Override
        public void opened() {
            isWatching = true;
            health.well(resource.kind());
            changed.run();
        }

        @Override
        public boolean changed(Received object) {
            isListed = state.changed(object, System.nanoTime());
            changed.run();
            return isListed;
        }

        @Override
        public boolean deleted(Received object) {
            state.deleted(object, System.nanoTime());
            changed.run();
            return true;
        }

        @Override
        public boolean bookmark(String version) {
            state.bookmark(resource.kind(), version);
            return true;
        }
    }

    // -- failures ----------------------------------------------------------------------------------------------------

    private void failed(ApiConnection connection, ApiException failure) throws InterruptedException {
        boolean isServed = failure.failure() != Failure.NOT_SERVED;
        if (resource.optional() && !wasListed && (!isServed || failure.failure() == Failure.REFUSED)) {
            state.goOnWithout(resource.kind());
            changed.run();
        }
        switch (failure.failure()) {
            case EXPIRED -> isListed = false;
            case NO_ANSWER, BROKEN -> api.failed(connection);
            case SILENT -> api.silent(connection);
            case CUT, REFUSED -> {}
            case NOT_SERVED -> health.well(resource.kind());
        }
        boolean isError = failure.failure() == Failure.BROKEN || failure.failure() == Failure.REFUSED;
        if (isServed && (!isWatching || isError)) {
            report(failure.getMessage());
        }
        Duration pause = switch (failure.failure()) {
            case NO_ANSWER, SILENT -> unreachable.next();
            case CUT -> (isListed ? unreachable : relists).next();
            case EXPIRED -> relists.next();
            case BROKEN, REFUSED -> refused.next();
            case NOT_SERVED -> longWatch();
        };
        pause(pause.compareTo(failure.retryAfter()) < 0 ? failure.retryAfter() : pause, connection);
    }

    private void report(String reason) {
        String fault = api.fault();
        health.failed(resource.kind(), fault.isEmpty() || fault.equals(reason) ? reason : reason + "; " + fault);
        changed.run();
    }

    private void succeeded() {
        unreachable.reset();
        refused.reset();
        relists.reset();
    }

    /** Ends early when there are other credentials to try. */
    private void pause(Duration length, ApiConnection connection) throws InterruptedException {
        long endNanos = System.nanoTime() + length.toNanos();
        for (long left = length.toNanos(); left > 0; left = endNanos - System.nanoTime()) {
            Thread.sleep(Duration.ofNanos(Math.min(left, STEP.toNanos())));
            if (api.hasNewCredentials(connection)) { return; }
        }
    }

    private static void sleepQuietly(Duration length) {
        try {
            Thread.sleep(length);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
