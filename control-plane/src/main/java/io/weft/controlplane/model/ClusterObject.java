package io.weft.controlplane.model;

import java.util.List;

/** A cluster object, reduced to the fields that Weft uses and to IPv4 addresses. Immutable. */
public sealed interface ClusterObject permits ClusterNode, Namespace, Pod, Service, EndpointSlice, NetworkPolicy,
    ServiceCidr {
    /** Creation time of an object without metadata.creationTimestamp, as in most manifests: it counts as the newest. */
    long NOT_YET_CREATED = Long.MAX_VALUE;

    ObjectKey key();

    /** What the object asks for but Weft does not support, one phrase each, such as {@code IP family IPv6 is not served}. */
    List<String> unsupported();
}
