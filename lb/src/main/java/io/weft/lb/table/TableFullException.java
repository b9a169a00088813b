package io.weft.lb.table;

/** The tables' region has no room for a block; the message says how much is free. The change that failed changed nothing. */
public final class TableFullException extends RuntimeException {
    public TableFullException(String message) {
        super(message);
    }
}
