package io.weft.controlplane.view;

/** What a command is to show does not exist; the message is one line. */
public final class UnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UnavailableException(String message) {
        super(message);
    }
}
