package io.weft.controlplane.model;

import java.util.List;

/** A cluster object reduced to the fields Weft uses. Immutable. Of addresses the IPv4 ones only. */
public sealed interface ClusterObject permits ClusterNode, Pod, Service, EndpointSlice, NetworkPolicy {
    /** Of an object without metadata.creationTimestamp, as manifests have it: it counts as the newest. */
    long NOT_YET_CREATED = Long.MAX_VALUE;

    ObjectKey key();

    /** What the object asks for and Weft cannot do, one phrase each, such as {@code sessionAffinity ClientIP is not kept}. */
    List<String> unsupported();
}
