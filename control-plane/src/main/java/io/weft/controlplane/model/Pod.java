package io.weft.controlplane.model;

import java.util.List;

/** A Pod; {@code nodeName} is empty until it is scheduled, {@code podIps} until it runs. */
public record Pod(String namespace, String name, String nodeName, boolean hostNetwork, List<Integer> podIps)
    implements
        ClusterObject {
    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.POD, namespace, name);
    }
}
