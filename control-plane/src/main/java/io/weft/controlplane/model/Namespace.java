package io.weft.controlplane.model;

import java.util.List;
import java.util.Map;

/**
 * A Namespace.
 *
 * @param labels metadata.labels, by which policies select namespaces
 */
public record Namespace(String name, Map<String, String> labels) implements ClusterObject {
    public Namespace {
        labels = Map.copyOf(labels);
    }

    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.NAMESPACE, "", name);
    }

    @Override
    public List<String> unsupported() {
        return List.of();
    }
}
