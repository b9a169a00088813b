package io.weft.lb.table;

/** The tables' region has no room for a block; the message says how much is free. What was being changed is unchanged. */
public final class TableFullException extends RuntimeException {
    public TableFullException(String message) {
        super(message);
    }
}
