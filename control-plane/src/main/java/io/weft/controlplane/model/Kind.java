package io.weft.controlplane.model;

import java.util.Arrays;
import java.util.Optional;

/** The kinds of cluster objects that Weft reads, with the apiVersion that it supports. */
public enum Kind {
    NODE("Node", "v1"),
    NAMESPACE("Namespace", "v1"),
    POD("Pod", "v1"),
    SERVICE("Service", "v1"),
    ENDPOINT_SLICE("EndpointSlice", "discovery.k8s.io/v1"),
    NETWORK_POLICY("NetworkPolicy", "networking.k8s.io/v1"),
    SERVICE_CIDR("ServiceCIDR", "networking.k8s.io/v1");

    private final String title;
    private final String apiVersion;

    Kind(String title, String apiVersion) {
        this.title = title;
        this.apiVersion = apiVersion;
    }

    /** The value of the field {@code kind}. */
    public String title() {
        return title;
    }

    public String apiVersion() {
        return apiVersion;
    }

    /** The API group of an {@code apiVersion}; empty for the core group, {@code v1}. */
    public static String group(String apiVersion) {
        return apiVersion.substring(0, Math.max(0, apiVersion.indexOf('/')));
    }

    /** The kind with that name in that version's group; empty for kinds of other groups, which may have the same name. */
    public static Optional<Kind> of(String title, String apiVersion) {
        return Arrays.stream(values())
            .filter(kind -> kind.title.equals(title) && group(kind.apiVersion).equals(group(apiVersion)))
            .findFirst();
    }
}
