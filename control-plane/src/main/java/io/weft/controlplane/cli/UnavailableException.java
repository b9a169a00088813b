package io.weft.controlplane.cli;

/** What a command is to show does not exist; the message is one line. */
final class UnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnavailableException(String message) {
        super(message);
    }
}
