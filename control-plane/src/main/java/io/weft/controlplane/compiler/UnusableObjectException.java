package io.weft.controlplane.compiler;

/** A cluster object cannot be used for the tables; the message names it and says why. */
final class UnusableObjectException extends Exception {
    private static final long serialVersionUID = 1L;

    UnusableObjectException(String message) {
        super(message);
    }
}
