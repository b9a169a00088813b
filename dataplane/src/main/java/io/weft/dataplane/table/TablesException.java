package io.weft.dataplane.table;

/** A tables file that cannot be used; the message is one line and names the file. */
public final class TablesException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TablesException(String message) {
        super(message);
    }
}
