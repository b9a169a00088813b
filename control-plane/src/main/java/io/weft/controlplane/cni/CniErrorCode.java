package io.weft.controlplane.cni;

/** Error codes of the CNI specification 1.1, section "Error", and Weft's own from 100. */
public final class CniErrorCode {
    public static final int INCOMPATIBLE_VERSION = 1;
    public static final int UNKNOWN_CONTAINER = 3;
    public static final int INVALID_VARIABLES = 4;
    public static final int IO_FAILURE = 5;
    public static final int UNDECODABLE = 6;
    public static final int INVALID_CONFIGURATION = 7;
    public static final int TRY_AGAIN = 11;
    /** STATUS: ADD cannot be served. */
    public static final int NOT_AVAILABLE = 50;
    /** STATUS: ADD cannot be served, and existing pods may have limited connectivity. */
    public static final int LIMITED = 51;
    public static final int KERNEL_REFUSED = 100;
    public static final int DATAPLANE_REFUSED = 101;
    public static final int CHECK_FAILED = 102;
    /** A hostPort belongs to the node or to another pod. */
    public static final int PORT_TAKEN = 103;

    private CniErrorCode() {
    }
}
