package io.weft.dataplane.forwarding;

/**
 * Ids of ports: the index in every array and table of ports, and the {@link Ingress} and the index of an {@link Egress} in flow entries. The control plane
 * allocates those of pods.
 */
public final class PortId {
    /** {@code weft-host}. */
    public static final int HOST = 0;
    public static final int UPLINK = 1;
    /** Pods' ports have this id or a higher one. */
    public static final int FIRST_POD = 2;
    /** All ids are below. */
    public static final int COUNT = 1024;

    private PortId() {
    }
}
