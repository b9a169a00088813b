package io.weft.controlplane.source.kubernetes;

import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.SourceStatus;
import io.weft.controlplane.source.kubernetes.SourceHealth.Fault;
import io.weft.controlplane.status.Failures;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Kubernetes API as the source of cluster objects: Nodes, Namespaces, Services, EndpointSlices, ServiceCIDRs, and this node's Pods.
 *
 * <p>The first change is delivered once everything has been listed that the server has; then what arrives within {@value #GAP_MILLIS} ms is one change. While
 * the API is away or errs, nothing is reported as removed. A list is not believed if it lacks what every cluster has: this node's own Node,
 * the Service and the EndpointSlice {@code default/kubernetes}. Any other empty list is believed. A wrong object is reported, and its last
 * good content stays in force.
 */
public final class KubernetesSource implements ClusterSource {
    private static final Logger LOG = LoggerFactory.getLogger(KubernetesSource.class);
    private static final long GAP_MILLIS = 1;
    private static final long RETRY_MILLIS = 1000;
    private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final KubernetesApi api;
    private final Failures failures;
    private final ClusterState state;
    private final SourceHealth health = new SourceHealth();
    private final List<Thread> reflectors = new ArrayList<>();
    private final Semaphore wanted = new Semaphore(0);
    private final Thread thread = Thread.ofPlatform().name("kubernetes").daemon().unstarted(this::run);
    private Listener listener;
    private Optional<Instant> doubtfulSince = Optional.empty();
    private long loggedNanos = System.nanoTime() - QUIET_NANOS;
    private volatile SourceStatus status;

    /**
     * @param nodeName of this node, whose Pods are followed
     * @param failures counts unexpected failures
     */
    public KubernetesSource(KubernetesApi api, String nodeName, Failures failures) {
        this(api, nodeName, failures, ResourceReader.WATCH_PATIENCE);
    }

    KubernetesSource(KubernetesApi api, String nodeName, Failures failures, Duration watchPatience) {
        this.api = api;
        this.failures = failures;
        List<Resource> resources = Resource.of(nodeName);
        this.state = new ClusterState(nodeName, resources.stream().map(Resource::kind).collect(Collectors.toSet()));
        this.status = new SourceStatus(name(), false, Optional.empty(), "", List.of());
        for (Resource resource : resources) {
            reflectors.add(Thread.ofPlatform().name("watch-" + resource.name()).daemon().unstarted(
                new Reflector(resource, new ResourceReader(resource, watchPatience), api, state, health, failures,
                    wanted::release)));
        }
    }

    @Override
    public void start(Listener changes) {
        listener = changes;
        thread.start();
        reflectors.forEach(Thread::start);
    }

    @Override
    public SourceStatus status() {
        return status;
    }

    @Override
    public void close() {
        reflectors.forEach(Thread::interrupt);
        thread.interrupt();
        try {
            for (Thread reflector : reflectors) {
                reflector.join();
            }
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (true) {
                wanted.acquire();
                wanted.drainPermits();
                deliver();
                Thread.sleep(GAP_MILLIS);
            }
        } catch (InterruptedException e) {
            LOG.debug("stopping", e);
        }
    }

    /** No failure ends the deliveries. The change being delivered may be lost, so everything is delivered again. */
    private void deliver() throws InterruptedException {
        try {
            Optional<ClusterChange> change = state.take();
            change.ifPresent(this::learnServers);
            boolean news = publish(change.isPresent());
            if (change.isPresent()) {
                listener.changed(change.get());
            } else if (news) {
                listener.statusChanged();
            }
        } catch (RuntimeException | Error e) {
            failures.add("Kubernetes API", e);
            state.reportAll();
            wanted.release();
            Thread.sleep(RETRY_MILLIS);
        }
    }

    // -- API servers -------------------------------------------------------------------------------------------------

    private void learnServers(ClusterChange change) {
        for (ClusterObject object : change.updated()) {
            if (object instanceof EndpointSlice slice && slice.key().equals(ClusterState.SLICE)) {
                List<URI> servers = new ArrayList<>();
                for (EndpointSlice.Port port : slice.ports()) {
                    slice.endpoints().stream().filter(EndpointSlice.Endpoint::ready)
                        .flatMap(endpoint -> endpoint.addresses().stream())
                        .forEach(address -> servers.add(URI.create("https://" + address + ":" + port.port())));
                }
                Collections.shuffle(servers); // so that the nodes do not all prefer one server
                api.learnServers(servers);
            }
        }
    }

    // -- status ------------------------------------------------------------------------------------------------------

    private String name() {
        return "Kubernetes API" + api.server().map(server -> " " + server).orElse("") + ", " + api.description();
    }

    private boolean publish(boolean delivers) {
        SourceStatus before = status;
        Optional<Fault> fault = fault();
        List<String> errors = new ArrayList<>(state.errors());
        boolean synced = before.synced() || delivers;
        if (!synced) {
            api.serverInsideServiceCidr().ifPresent(server -> errors.add("source: " + server
                + " is the address of a Service, and a node with empty tables does not reach it: set source.servers to the"
                + " API servers' own addresses"));
        }
        SourceStatus now = new SourceStatus(name(), synced, fault.map(Fault::since),
            fault.map(Fault::reason).orElse(""), List.copyOf(errors));
        if (now.equals(before)) { return false; }
        status = now;
        log(before, now);
        return true;
    }

    /** What makes the delivered objects out of date: a failing API, or one that is not believed. */
    private Optional<Fault> fault() {
        Optional<String> doubt = state.doubt();
        doubtfulSince = doubt.map(_ -> doubtfulSince.orElseGet(Instant::now));
        return health.fault().or(() -> doubt.map(reason -> new Fault(doubtfulSince.orElseThrow(), reason)));
    }

    /** One line when it becomes stale or recovers, and not more than one a minute when only the reason changes. */
    private void log(SourceStatus before, SourceStatus now) {
        now.errors().stream().filter(error -> !before.errors().contains(error)).forEach(LOG::warn);
        if (now.staleReason().equals(before.staleReason())) { return; }
        boolean isTurn = now.staleReason().isEmpty() || before.staleReason().isEmpty();
        if (isTurn || System.nanoTime() - loggedNanos > QUIET_NANOS) {
            loggedNanos = System.nanoTime();
            LOG.warn("{}: {}", now.name(), now.staleReason().isEmpty()
                ? "is followed again" : now.staleReason() + (now.synced() ? "; serving what is known" : ""));
        }
    }
}
