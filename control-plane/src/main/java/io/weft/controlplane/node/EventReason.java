package io.weft.controlplane.node;

/** All Events that Weft reports on its Node. */
enum EventReason {
    /** The dataplane uses the tables for the first time since the control plane started. */
    NETWORK_READY("NetworkReady", Type.NORMAL),
    /** The uplink runs in a lesser XDP mode than its driver might offer. */
    REDUCED_XDP_MODE("ReducedXDPMode", Type.NORMAL),
    DATAPLANE_RESTARTED("DataplaneRestarted", Type.WARNING),
    DATAPLANE_DOWN("DataplaneDown", Type.WARNING),
    /** Another program changed the annotations by which other nodes find this one. */
    ANNOTATIONS_OVERWRITTEN("AnnotationsOverwritten", Type.WARNING),
    /** No podCIDR, or one that cannot be used. */
    INVALID_NODE("InvalidNode", Type.WARNING),
    /** There are more frontends of Services than clients outside can be served. */
    FRONTENDS_LEFT_OUT("FrontendsLeftOut", Type.WARNING),
    /** The source of objects is away. */
    STALE_CLUSTER_STATE("StaleClusterState", Type.WARNING),
    /** The objects are known, but the tables cannot be made of them. */
    STALE_TABLES("StaleTables", Type.WARNING);

    /** As the API names them. */
    enum Type {
        NORMAL("Normal"), WARNING("Warning");

        private final String label;

        Type(String label) {
            this.label = label;
        }
    }

    private final String label;
    private final Type type;

    EventReason(String label, Type type) {
        this.label = label;
        this.type = type;
    }

    /** The field {@code reason} of an Event. */
    String label() {
        return label;
    }

    /** The field {@code type} of an Event. */
    String type() {
        return type.label;
    }
}
