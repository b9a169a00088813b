package io.weft.controlplane.cni;

import io.weft.controlplane.status.DataplaneView;
import java.util.Optional;

/**
 * Whether this node can add pods: the answer to STATUS, and the condition under which {@code cni.install} places the network configuration for
 * the first time. Any thread.
 */
public final class Readiness {
    private final PodTables tables;
    private final DataplaneView dataplane;

    public Readiness(PodTables tables, DataplaneView dataplane) {
        this.tables = tables;
        this.dataplane = dataplane;
    }

    /** Why this node cannot add pods, in one line; empty if it can. */
    public Optional<String> reason() {
        return missing().map(CniException::getMessage);
    }

    /** What is missing, as STATUS reports it; empty if the node is ready. */
    Optional<CniException> missing() {
        if (!dataplane.isAlive()) { return missing(CniErrorCode.LIMITED, "Weft's dataplane is down"); }
        if (!tables.fault().isEmpty()) { return missing(CniErrorCode.NOT_AVAILABLE, tables.fault()); }
        if (tables.podCidr().isEmpty()) {
            return missing(CniErrorCode.NOT_AVAILABLE, "this node's Node object or its podCIDR is not known yet");
        }
        if (!tables.areInUse()) {
            return missing(CniErrorCode.NOT_AVAILABLE, "the dataplane has not adopted the control plane's tables yet");
        }
        if (tables.freeAddresses() == 0) {
            return missing(CniErrorCode.NOT_AVAILABLE, "no address is left in " + tables.podCidr().orElseThrow());
        }
        return Optional.empty();
    }

    private static Optional<CniException> missing(int code, String what) {
        return Optional.of(new CniException(code, what));
    }
}
