package io.weft.lb.service;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One port of a service, with its backends in any order.
 *
 * @param name for output ({@code namespace/name:port}); at most 1024 bytes of UTF-8
 * @param flags reserved for traffic policies; stored but not used
 * @param affinitySeconds reserved for session affinity; 0 is none
 * @param backends no two with the same address and port; without backends the service exists and rejects
 */
public record ServiceSpec(ServiceKey key, String name, int flags, int affinitySeconds, List<Backend> backends) {
    public static final int MAX_BACKENDS = Maglev.MAX_BACKENDS;

    private static final int MAX_NAME_LENGTH = 1024;

    public ServiceSpec {
        backends = List.copyOf(backends);
        if (backends.size() > MAX_BACKENDS) {
            throw new IllegalArgumentException(
                "service %s has %d backends; at most %d are supported".formatted(name, backends.size(),
                    MAX_BACKENDS));
        }
        if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException("the name of a service has more than " + MAX_NAME_LENGTH + " bytes");
        }
    }

    public ServiceSpec(ServiceKey key, String name, List<Backend> backends) {
        this(key, name, 0, 0, backends);
    }
}
