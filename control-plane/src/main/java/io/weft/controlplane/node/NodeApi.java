package io.weft.controlplane.node;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.weft.controlplane.kubernetes.ApiConnection;
import io.weft.controlplane.kubernetes.KubernetesApi;
import io.weft.controlplane.source.kubernetes.ApiErrors;
import io.weft.dataplane.config.ConfigurationException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests to the Kubernetes API that concern this node's own Node. Each blocks for as long as the client's time-out. Errors:
 * {@link KubernetesClientException}, or {@link ConfigurationException} while there are no usable credentials. Any thread.
 */
public final class NodeApi {
    private static final Logger LOG = LoggerFactory.getLogger(NodeApi.class);
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
    private static final PatchContext STRATEGIC_MERGE = PatchContext.of(PatchType.STRATEGIC_MERGE);

    private final KubernetesApi api;
    private final String nodeName;

    public NodeApi(KubernetesApi api, String nodeName) {
        this.api = api;
        this.nodeName = nodeName;
    }

    String nodeName() {
        return nodeName;
    }

    /** Errors also if there is no Node of this name. */
    Node get() {
        Node node = call(client -> client.nodes().withName(nodeName).get());
        if (node == null) { throw new KubernetesClientException("there is no Node " + nodeName); }
        return node;
    }

    /** The Ethernet address of this node's tunnel in its annotations; empty if there is none, or if the API cannot be asked. */
    public OptionalLong publishedVtepMac() {
        try {
            return OwnAnnotations.vtepMac(annotations(get()));
        } catch (KubernetesClientException | ConfigurationException e) {
            LOG.warn("Node {}: its annotations cannot be read: {}", nodeName, reason(e));
            return OptionalLong.empty();
        }
    }

    static Map<String, String> annotations(Node node) {
        return Optional.ofNullable(node.getMetadata().getAnnotations()).orElse(Map.of());
    }

    /** Sets these annotations and leaves all others as they are. */
    void annotate(Node node, Map<String, String> annotations) {
        Node _ = call(client -> client.nodes().resource(node)
            .patch(MERGE, patch(client, Map.of("metadata", Map.of("annotations", annotations)))));
    }

    /** Sets the condition of this type and leaves all others as they are. */
    void setCondition(Node node, NodeCondition condition) {
        Node _ = call(client -> client.nodes().resource(node).subresource("status")
            .patch(STRATEGIC_MERGE, patch(client, Map.of("status", Map.of("conditions", List.of(condition))))));
    }

    /** Creates an Event in its namespace. @return the Event as the API server has it */
    Event create(Event event) {
        return call(client -> client.v1().events().resource(event).create());
    }

    /** Sets these fields of an Event. */
    void update(Event event, Map<String, Object> fields) {
        Event _ = call(client -> client.v1().events().resource(event)
            .patch(MERGE, patch(client, fields)));
    }

    private <T> T call(Function<KubernetesClient, T> request) {
        ApiConnection connection = api.connection();
        try {
            return request.apply(connection.client());
        } catch (KubernetesClientException e) {
            if (e.getStatus() != null) { throw e; } // the server's answer
            api.failed(connection);
            throw new KubernetesClientException(connection.server() + ": " + ApiErrors.reason(e), e);
        }
    }

    /** What the server answered, or why there is no answer, in one line. */
    static String reason(RuntimeException e) {
        return e instanceof KubernetesClientException failure && failure.getStatus() != null
            ? "the API server answers " + failure.getCode() + ": " + oneLine(failure.getStatus().getMessage())
            : oneLine(e.getMessage());
    }

    private static String oneLine(String text) {
        return String.valueOf(text).lines().findFirst().orElse("");
    }

    private static String patch(KubernetesClient client, Object fields) {
        return client.getKubernetesSerialization().asJson(fields);
    }
}
