package io.weft.controlplane.model;

/** A cluster object reduced to the fields Weft uses. Immutable. IPv4 only; addresses are host-numeric ints. */
public sealed interface ClusterObject permits ClusterNode, Pod, Service, EndpointSlice {
    ObjectKey key();
}
