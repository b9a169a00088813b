package io.weft.controlplane.cni;

/** Error codes of the CNI specification 1.1, section "Error", and Weft's own from 100. */
final class CniErrorCode {
    static final int INCOMPATIBLE_VERSION = 1;
    static final int UNKNOWN_CONTAINER = 3;
    static final int INVALID_VARIABLES = 4;
    static final int IO_FAILURE = 5;
    static final int UNDECODABLE = 6;
    static final int INVALID_CONFIGURATION = 7;
    static final int TRY_AGAIN = 11;
    /** STATUS: ADD cannot be served. */
    static final int NOT_AVAILABLE = 50;
    /** STATUS: ADD cannot be served, and existing pods may have limited connectivity. */
    static final int LIMITED = 51;
    static final int KERNEL_REFUSED = 100;
    static final int DATAPLANE_REFUSED = 101;
    static final int CHECK_FAILED = 102;

    private CniErrorCode() {
    }
}
