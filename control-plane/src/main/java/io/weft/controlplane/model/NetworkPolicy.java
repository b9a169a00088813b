package io.weft.controlplane.model;

import java.util.List;

/** A NetworkPolicy. Weft does not enforce it, and only reports that. */
public record NetworkPolicy(String namespace, String name) implements ClusterObject {
    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.NETWORK_POLICY, namespace, name);
    }

    @Override
    public List<String> unsupported() {
        return List.of("network policies are not enforced");
    }
}
