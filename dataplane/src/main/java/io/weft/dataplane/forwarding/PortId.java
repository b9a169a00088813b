package io.weft.dataplane.forwarding;

/**
 * Port ids: the index in every array and table of ports, and in flow entries the {@link Ingress} and the index of an {@link Egress}. The
 * control plane allocates the ids of pods.
 */
public final class PortId {
    /** {@code weft-host}. */
    public static final int HOST = 0;
    public static final int UPLINK = 1;
    /** First id of a pod's port. */
    public static final int FIRST_POD = 2;
    /** Number of ids: all ids are below it. */
    public static final int COUNT = 1024;

    private PortId() {
    }
}
