package io.weft.perf.compare;

import com.fasterxml.jackson.annotation.JsonValue;

/** What is done with each packet. */
enum Workload {
    /** Sent on unchanged, or routed. */
    FORWARD("forward"),
    /** Routed into a VXLAN tunnel. */
    VXLAN("vxlan"),
    /** The Service's address and port are replaced by an endpoint's. */
    DNAT("dnat"),
    /** Both: a pod calls a Service whose endpoints are on another node. */
    DNAT_VXLAN("dnat-vxlan");

    private final String label;

    Workload(String label) {
        this.label = label;
    }

    @JsonValue
    String label() {
        return label;
    }

    boolean translates() {
        return this == DNAT || this == DNAT_VXLAN;
    }

    boolean tunnels() {
        return this == VXLAN || this == DNAT_VXLAN;
    }
}
