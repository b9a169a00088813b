package io.weft.controlplane.cni;

/** A CNI request failed; becomes the error object that the runtime reads. */
final class CniException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int code;
    private final String details;

    CniException(int code, String message) {
        this(code, message, "");
    }

    CniException(int code, String message, String details) {
        super(message);
        this.code = code;
        this.details = details;
    }

    /** One of {@link CniErrorCode}. */
    int code() {
        return code;
    }

    String details() {
        return details;
    }
}
