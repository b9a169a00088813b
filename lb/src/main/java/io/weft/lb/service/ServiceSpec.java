package io.weft.lb.service;

import io.weft.encap.address.IpPrefix;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One frontend of a Service's port: an address and port, with the backends in any order. A Service's port has a frontend for each address
 * where clients reach it.
 *
 * @param kind one of {@link FrontendKind}
 * @param name of the Service's port, for output ({@code namespace/name:port}); at most 1024 bytes of UTF-8. The frontends of one name and
 *     protocol share their clients' affinity
 * @param policyLocal whether the traffic policy that applies to this kind is Local
 * @param maglev whether backends are chosen by Maglev hashing of the flow instead of at random
 * @param affinitySeconds how long a client keeps its backend after its last new flow; 0 without affinity
 * @param sourceRanges the clients that are served; empty for all
 * @param backends no two with the same address and port; without any in a set, its clients are refused
 * @param paused whether an operator has paused the Service: new flows are refused, whatever the backends; established ones go on
 */
public record ServiceSpec(
    ServiceKey key, int kind, String name, boolean policyLocal, boolean maglev, int affinitySeconds,
    List<IpPrefix> sourceRanges, List<Backend> backends, boolean paused) {
    public static final int MAX_BACKENDS = Maglev.MAX_BACKENDS;
    /** More ranges than this make creating a flow slow: they are compared one by one. */
    public static final int MAX_SOURCE_RANGES = 1024;

    private static final int MAX_NAME_LENGTH = 1024;
    private static final long FNV_OFFSET = 0xCBF2_9CE4_8422_2325L;
    private static final long FNV_PRIME = 0x0000_0100_0000_01B3L;

    public ServiceSpec {
        sourceRanges = List.copyOf(sourceRanges);
        backends = List.copyOf(backends);
        if (backends.size() > MAX_BACKENDS) {
            throw new IllegalArgumentException(
                "service %s has %d backends; at most %d are supported".formatted(name, backends.size(),
                    MAX_BACKENDS));
        }
        if (sourceRanges.size() > MAX_SOURCE_RANGES) {
            throw new IllegalArgumentException(
                "service %s has %d source ranges; at most %d are supported".formatted(name, sourceRanges.size(),
                    MAX_SOURCE_RANGES));
        }
        if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException("the name of a service has more than " + MAX_NAME_LENGTH + " bytes");
        }
    }

    /** One that is not paused. */
    public ServiceSpec(ServiceKey key, int kind, String name, boolean policyLocal, boolean maglev, int affinitySeconds,
        List<IpPrefix> sourceRanges, List<Backend> backends) {
        this(key, kind, name, policyLocal, maglev, affinitySeconds, sourceRanges, backends, false);
    }

    /** A ClusterIP with the defaults of the API. */
    public ServiceSpec(ServiceKey key, String name, List<Backend> backends) {
        this(key, FrontendKind.CLUSTER_IP, name, false, false, 0, List.of(), backends);
    }

    /** The same, paused or not. */
    public ServiceSpec withPaused(boolean now) {
        return new ServiceSpec(key, kind, name, policyLocal, maglev, affinitySeconds, sourceRanges, backends, now);
    }

    /** Identifies the Service's port in the table of affinities, on any frontend and after a restart: FNV-1a of name and protocol. */
    long affinityId() {
        long hash = FNV_OFFSET;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ b & 0xFF) * FNV_PRIME;
        }
        return (hash ^ key.protocol()) * FNV_PRIME;
    }
}
