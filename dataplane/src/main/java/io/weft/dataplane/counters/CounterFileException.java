package io.weft.dataplane.counters;

/** A counters file that cannot be read; the message is one line for the user. */
public final class CounterFileException extends RuntimeException {
    public CounterFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
