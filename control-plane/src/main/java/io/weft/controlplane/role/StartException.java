package io.weft.controlplane.role;

/** A process cannot start; the message is one line that says why and what to do. */
public final class StartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StartException(String message) {
        super(message);
    }
}
