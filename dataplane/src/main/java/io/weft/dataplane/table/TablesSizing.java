package io.weft.dataplane.table;

/**
 * Size of a tables file. All of it is allocated when the file is created, and it never grows. A control plane that runs out of room creates
 * a new file of twice the size.
 *
 * @param bytes of the file
 */
public record TablesSizing(long bytes) {
    /** A thousand pods, a few hundred nodes and a few thousand Services. */
    public static final TablesSizing DEFAULT = new TablesSizing(64L << 20);

    private static final long MIN_BYTES = 128 << 10;

    public TablesSizing {
        if (bytes < MIN_BYTES) {
            throw new IllegalArgumentException("a tables file of " + bytes + " bytes is too small");
        }
    }

    public TablesSizing doubled() {
        return new TablesSizing(2 * bytes);
    }
}
