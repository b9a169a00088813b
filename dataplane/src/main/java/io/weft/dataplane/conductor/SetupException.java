package io.weft.dataplane.conductor;

/** The dataplane cannot start or continue; the message is one line that says what to do. */
public final class SetupException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SetupException(String message) {
        super(message);
    }

    public SetupException(String message, Throwable cause) {
        super(message, cause);
    }
}
