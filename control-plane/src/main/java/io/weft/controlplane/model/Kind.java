package io.weft.controlplane.model;

/** The kinds of cluster objects Weft reads, with the apiVersion it understands. */
public enum Kind {
    NODE("Node", "v1"),
    POD("Pod", "v1"),
    SERVICE("Service", "v1"),
    ENDPOINT_SLICE("EndpointSlice", "discovery.k8s.io/v1");

    private final String title;
    private final String apiVersion;

    Kind(String title, String apiVersion) {
        this.title = title;
        this.apiVersion = apiVersion;
    }

    /** As written in the field {@code kind}. */
    public String title() {
        return title;
    }

    public String apiVersion() {
        return apiVersion;
    }
}
