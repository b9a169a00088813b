package io.weft.controlplane.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.weft.controlplane.compiler.OwnNode;
import io.weft.controlplane.model.ClusterNode;
import io.weft.controlplane.source.SourceStatus;
import io.weft.controlplane.source.kubernetes.Backoff;
import io.weft.controlplane.status.DataplaneView;
import io.weft.controlplane.status.Failures;
import io.weft.controlplane.status.Threads;
import io.weft.dataplane.config.ConfigurationException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this node's Node up to date in the Kubernetes API: the annotations by which flannel's and Weft's nodes find its tunnel, and the
 * condition NetworkUnavailable=False once the dataplane forwards; and reports Events on it. One thread of its own, which no failure ends;
 * nothing waits for it.
 *
 * <p>The Node is read when what it should say changes, when the source reports a change to it, and every {@link #RECHECK}; it is patched
 * only where it differs. After a failure the next attempt comes after a pause of up to a minute.
 */
public final class NodePublisher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodePublisher.class);
    private static final Duration PERIOD = Duration.ofSeconds(1);
    private static final Duration RECHECK = Duration.ofMinutes(10);
    /** After a patch, so that two programs that want different annotations do not wear out the API server. */
    private static final Duration GAP = Duration.ofSeconds(10);
    private static final String NETWORK_UNAVAILABLE = "NetworkUnavailable";
    private static final String FALSE = "False";
    private static final String REASON = "WeftIsUp";

    /**
     * @param checked when the Node was last found, or made, up to date
     * @param failure why it is not up to date, in one line; empty if the last attempt succeeded
     * @param failingSince when the first attempt after the last success failed
     */
    public record Status(Optional<Instant> checked, String failure, Optional<Instant> failingSince) {
    }

    /** What the Node should say, and what the source says of it. */
    private record Wanted(Map<String, String> annotations, boolean forwarding, Optional<ClusterNode> reported) {
    }

    private final NodeApi api;
    private final Supplier<OwnNode> ownNode;
    private final Supplier<SourceStatus> source;
    private final DataplaneView dataplane;
    private final Failures failures;
    private final Duration period;
    private final Backoff gap;
    private final Backoff recheck = new Backoff(1, RECHECK, RECHECK);
    private final NodeFindings findings = new NodeFindings(Instant.now());
    private final NodeEvents events;
    private final Backoff backoff = new Backoff(1, Duration.ofSeconds(1), Duration.ofMinutes(1));
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().name("node-publisher").daemon().unstarted(this::run);
    private volatile Status status = new Status(Optional.empty(), "", Optional.empty());
    private Wanted checked;
    private Map<String, String> published = Map.of();
    private String publishedUid = "";
    private Instant notBefore = Instant.MIN;
    private Instant recheckAt = Instant.MIN;

    /** @param failures counts unexpected failures */
    public NodePublisher(NodeApi api, Supplier<OwnNode> ownNode, Supplier<SourceStatus> source, DataplaneView dataplane,
        Failures failures) {
        this(api, ownNode, source, dataplane, failures, PERIOD, GAP);
    }

    NodePublisher(NodeApi api, Supplier<OwnNode> ownNode, Supplier<SourceStatus> source, DataplaneView dataplane,
        Failures failures, Duration period, Duration gap) {
        this.api = api;
        this.ownNode = ownNode;
        this.source = source;
        this.dataplane = dataplane;
        this.failures = failures;
        this.period = period;
        this.gap = new Backoff(1, gap, gap);
        this.events = new NodeEvents(api);
    }

    public void start() {
        thread.start();
    }

    /** Any thread. */
    public Status status() {
        return status;
    }

    /** Waits until a request that is under way has ended. */
    @Override
    public void close() {
        closed.countDown();
        Threads.end(thread); // also ends a request
    }

    private void run() {
        try {
            while (!closed.await(period.toMillis(), TimeUnit.MILLISECONDS)) {
                look();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        try {
            Instant now = Instant.now();
            OwnNode own = ownNode.get();
            DataplaneState state = DataplaneState.read(dataplane, own.incarnation());
            findings.news(state).forEach(finding -> events.occurred(finding, now));
            events.lasting(findings.lasting(own, source.get(), state, now), now);
            publishIfDue(new Wanted(own.local().map(OwnAnnotations::of).orElse(Map.of()), state.forwarding(),
                own.object()), now);
            events.send(now);
        } catch (RuntimeException | Error e) {
            if (closed.getCount() > 0) {
                failures.add("publishing the Node", e);
            }
        }
    }

    private void publishIfDue(Wanted wanted, Instant now) {
        if (wanted.annotations().isEmpty() || now.isBefore(notBefore)
            || wanted.equals(checked) && now.isBefore(recheckAt)) {
            return;
        }
        try {
            publish(wanted, now);
            checked = wanted;
            recheckAt = now.plus(recheck.next());
            backoff.reset();
            status = new Status(Optional.of(now), "", Optional.empty());
        } catch (KubernetesClientException | ConfigurationException e) {
            notBefore = now.plus(backoff.next());
            failed(e, now);
        }
    }

    private void failed(RuntimeException e, Instant now) {
        String reason = NodeApi.reason(e);
        if (status.failure().isEmpty() && closed.getCount() > 0) {
            LOG.warn("Node {}: cannot be brought up to date: {}; trying again", api.nodeName(), reason);
        }
        status = new Status(status.checked(), reason, status.failingSince().or(() -> Optional.of(now)));
    }

    private void publish(Wanted wanted, Instant now) {
        Node node = api.get();
        Map<String, String> present = NodeApi.annotations(node);
        Map<String, String> wrong = new TreeMap<>(wanted.annotations());
        wrong.entrySet().removeIf(entry -> entry.getValue().equals(present.get(entry.getKey())));
        if (!wrong.isEmpty()) {
            reportOverwritten(node, wrong, present, now);
            api.annotate(node, wrong);
            notBefore = now.plus(gap.next());
            LOG.info("Node {}: set the annotations {}", api.nodeName(), wrong);
        }
        published = wanted.annotations();
        publishedUid = node.getMetadata().getUid();
        if (wanted.forwarding()) {
            publishCondition(node, now);
        }
    }

    /** What this process has published on this very Node, and what is gone or different now, was changed by another program. */
    private void reportOverwritten(Node node, Map<String, String> wrong, Map<String, String> present, Instant now) {
        if (!Objects.equals(node.getMetadata().getUid(), publishedUid)) { return; }
        wrong.forEach((key, value) -> {
            if (value.equals(published.get(key))) {
                events.occurred(new Finding(EventReason.ANNOTATIONS_OVERWRITTEN, "another program set " + key + " to "
                    + present.get(key) + ", Weft set it to " + value + " again: does flannel still run on this node?"),
                    now);
            }
        });
    }

    private void publishCondition(Node node, Instant now) {
        Optional<NodeCondition> present = node.getStatus() == null
            ? Optional.empty()
            : node.getStatus().getConditions().stream()
                .filter(condition -> condition.getType().equals(NETWORK_UNAVAILABLE)).findFirst();
        boolean available = present.map(NodeCondition::getStatus).filter(FALSE::equals).isPresent();
        if (available && present.map(NodeCondition::getReason).filter(REASON::equals).isPresent()) { return; }
        String time = now.truncatedTo(ChronoUnit.SECONDS).toString();
        api.setCondition(node, new NodeConditionBuilder()
            .withType(NETWORK_UNAVAILABLE)
            .withStatus(FALSE)
            .withReason(REASON)
            .withMessage("Weft forwards the traffic of this node's pods")
            .withLastHeartbeatTime(time)
            .withLastTransitionTime(available ? present.get().getLastTransitionTime() : time)
            .build());
    }
}
