package io.weft.controlplane.node;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events on this node's Node: one per {@link EventReason}, whose count, time and message are brought up to date, at most once a minute.
 * What lasts is counted again every half hour, because the API server deletes an Event after an hour. An Event that the API server refuses
 * is dropped; while it cannot be reached, the latest of each reason waits. One thread.
 */
final class NodeEvents {
    private static final Logger LOG = LoggerFactory.getLogger(NodeEvents.class);
    /** Events about objects without a namespace must be here. */
    private static final String NAMESPACE = "default";
    private static final Duration GAP = Duration.ofMinutes(1);
    private static final Duration REPEAT = Duration.ofMinutes(30);
    private static final int MAX_MESSAGE = 1024;
    private static final int UNPROCESSABLE = 422;

    private final NodeApi api;
    private final Map<EventReason, Occurrences> byReason = new EnumMap<>(EventReason.class);

    NodeEvents(NodeApi api) {
        this.api = api;
    }

    void occurred(Finding finding, Instant now) {
        occurrences(finding.reason()).add(finding.message(), now);
    }

    /** @param findings all that hold at this moment, of reasons that can last */
    void lasting(Collection<Finding> findings, Instant now) {
        byReason.values().forEach(occurrences -> occurrences.lasts &= findings.stream()
            .anyMatch(finding -> finding.reason() == occurrences.reason));
        for (Finding finding : findings) {
            Occurrences occurrences = occurrences(finding.reason());
            if (!occurrences.lasts || occurrences.last.plus(REPEAT).isBefore(now)) {
                occurrences.add(finding.message(), now);
            }
            occurrences.lasts = true;
        }
    }

    /** Sends what is due. Blocks for as long as the client's time-out. */
    void send(Instant now) {
        byReason.values().stream().filter(occurrences -> occurrences.unsent && !occurrences.notBefore.isAfter(now))
            .forEach(occurrences -> send(occurrences, now));
    }

    private void send(Occurrences occurrences, Instant now) {
        occurrences.notBefore = now.plus(GAP);
        try {
            if (occurrences.event == null) {
                create(occurrences);
            } else {
                api.update(occurrences.event, Map.of("count", occurrences.count, "message", occurrences.message,
                    "lastTimestamp", time(occurrences.last)));
            }
            occurrences.unsent = false;
        } catch (KubernetesClientException e) {
            failed(occurrences, e);
        }
    }

    private void create(Occurrences occurrences) {
        Event event = event(occurrences);
        try {
            occurrences.event = api.create(event);
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) { throw e; }
            occurrences.event = event; // an earlier attempt created it, and its answer was lost
        }
    }

    private static void failed(Occurrences occurrences, KubernetesClientException e) {
        LOG.debug("Event {}: {}", occurrences.reason.label(), e.toString());
        switch (e.getCode()) {
            case HttpURLConnection.HTTP_NOT_FOUND -> occurrences.forget(); // deleted: another one is created
            case HttpURLConnection.HTTP_BAD_REQUEST, HttpURLConnection.HTTP_UNAUTHORIZED,
                HttpURLConnection.HTTP_FORBIDDEN, UNPROCESSABLE ->
                occurrences.unsent = false;
            default -> {
            } // tried again
        }
    }

    private Event event(Occurrences occurrences) {
        String node = api.nodeName();
        return new EventBuilder()
            .withNewMetadata()
            .withName(node + "." + occurrences.reason.label().toLowerCase(Locale.ROOT) + "."
                + Long.toHexString(occurrences.first.toEpochMilli()))
            .withNamespace(NAMESPACE)
            .endMetadata()
            .withNewInvolvedObject().withApiVersion("v1").withKind("Node").withName(node).withUid(node)
            .endInvolvedObject()
            .withType(occurrences.reason.type())
            .withReason(occurrences.reason.label())
            .withMessage(occurrences.message)
            .withCount(occurrences.count)
            .withFirstTimestamp(time(occurrences.first))
            .withLastTimestamp(time(occurrences.last))
            .withNewSource().withComponent("weft").withHost(node).endSource()
            .withReportingComponent("weft")
            .withReportingInstance(node)
            .build();
    }

    private static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private Occurrences occurrences(EventReason reason) {
        return byReason.computeIfAbsent(reason, Occurrences::new);
    }

    private static final class Occurrences {
        private final EventReason reason;
        private String message;
        private int count;
        private Instant first;
        private Instant last;
        private boolean lasts;
        private boolean unsent;
        private Instant notBefore = Instant.MIN;
        private Event event;

        Occurrences(EventReason reason) {
            this.reason = reason;
        }

        void forget() {
            event = null;
            first = last;
            count = 1;
        }

        void add(String text, Instant now) {
            message = text.substring(0, Math.min(text.length(), MAX_MESSAGE));
            count++;
            first = first == null ? now : first;
            last = now;
            unsent = true;
        }
    }
}
