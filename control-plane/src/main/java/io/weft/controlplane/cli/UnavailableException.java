package io.weft.controlplane.cli;

/** What a command shows is not there; the message is one line. */
final class UnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnavailableException(String message) {
        super(message);
    }
}
