package io.weft.controlplane.model;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.List;

/**
 * A Service.
 *
 * @param createdMillis metadata.creationTimestamp in milliseconds since the epoch, or {@link ClusterObject#NOT_YET_CREATED}
 * @param type ClusterIP, NodePort, LoadBalancer or ExternalName
 * @param unsupported what it asks for but Weft does not support, one phrase each
 */
public record Service(
    String namespace, String name, long createdMillis, String type, Addresses addresses, List<Port> ports,
    Behaviour behaviour, List<String> unsupported)
    implements
        ClusterObject {

    public static final String CLUSTER_IP = "ClusterIP";
    public static final String NODE_PORT = "NodePort";
    public static final String LOAD_BALANCER = "LoadBalancer";
    public static final String EXTERNAL_NAME = "ExternalName";

    /**
     * Where clients reach it, IPv4 only.
     *
     * @param clusterIps empty if headless, ExternalName or of IPv6 only: then nothing of the Service is served
     * @param externalIps spec.externalIPs
     * @param loadBalancerIps status.loadBalancer.ingress with an address, without those of ipMode Proxy
     */
    public record Addresses(
        List<IpAddress> clusterIps, List<IpAddress> externalIps, List<IpAddress> loadBalancerIps) {
        public static final Addresses NONE = new Addresses(List.of(), List.of(), List.of());
    }

    /**
     * @param name empty if the Service has a single unnamed port
     * @param nodePort 0 without
     */
    public record Port(String name, int port, Protocol protocol, int nodePort) {
        /** Without a node port. */
        public Port(String name, int port, Protocol protocol) {
            this(name, port, protocol, 0);
        }
    }

    /**
     * How its clients are served.
     *
     * @param internalLocal internalTrafficPolicy is Local
     * @param externalLocal externalTrafficPolicy is Local
     * @param affinitySeconds of sessionAffinity ClientIP; 0 without affinity
     * @param sourceRanges loadBalancerSourceRanges, IPv4 only
     * @param healthCheckNodePort 0 without
     * @param maglev backends are chosen by Maglev hashing, by annotation
     */
    public record Behaviour(
        boolean internalLocal, boolean externalLocal, int affinitySeconds, List<IpPrefix> sourceRanges,
        int healthCheckNodePort, boolean maglev) {
        /** The API's defaults. */
        public static final Behaviour DEFAULT = new Behaviour(false, false, 0, List.of(), 0, false);
        /** The annotation that chooses how a Service's clients are spread over its backends. */
        public static final String BALANCING = "weft.io/balancing";
    }

    /** A Service of type ClusterIP with the API's defaults. */
    public static Service clusterIp(String namespace, String name, long createdMillis, List<IpAddress> clusterIps,
        List<Port> ports) {
        return new Service(namespace, name, createdMillis, CLUSTER_IP,
            new Addresses(clusterIps, List.of(), List.of()), ports, Behaviour.DEFAULT, List.of());
    }

    @Override
    public ObjectKey key() {
        return new ObjectKey(Kind.SERVICE, namespace, name);
    }
}
