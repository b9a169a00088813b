package io.weft.lb.service;

/**
 * What kind of address a frontend has. It decides which clients it serves and whose source is translated, as in kube-proxy. Ints, because
 * workers read them for every new flow.
 */
public final class FrontendKind {
    /** An address of the service CIDR. The Service's internalTrafficPolicy applies. */
    public static final int CLUSTER_IP = 0;
    /** A port of the node; the key has {@link ServiceKey#NODE_ADDRESSES}. externalTrafficPolicy applies, as to the next two. */
    public static final int NODE_PORT = 1;
    /** An address of status.loadBalancer.ingress. */
    public static final int LOAD_BALANCER = 2;
    /** An address of spec.externalIPs. */
    public static final int EXTERNAL_IP = 3;
    /** A port of the node for a pod of this node; the key's address is the hostIP, or {@link ServiceKey#NODE_ADDRESSES}. */
    public static final int HOST_PORT = 4;

    private FrontendKind() {
    }

    /** @return the kind's name for output */
    public static String name(int kind) {
        return switch (kind) {
            case CLUSTER_IP -> "ClusterIP";
            case NODE_PORT -> "NodePort";
            case LOAD_BALANCER -> "LoadBalancer";
            case EXTERNAL_IP -> "ExternalIP";
            case HOST_PORT -> "HostPort";
            default -> String.valueOf(kind);
        };
    }
}
