package io.weft.vmlab;

/** Names of labs that are unique among concurrent test runs on this machine. */
final class LabNames {
    private static final int MAX_PREFIX = 4;
    private static final long MAX_IDS = 36L * 36 * 36 * 36;

    private LabNames() {}

    /** {@code prefix}, 1 to 4 letters, and the last four base-36 digits of this process's id (the kernel's ids go to 2²², which has five). */
    static String unique(String prefix) {
        if (prefix.length() > MAX_PREFIX) { throw new IllegalArgumentException(prefix + ": more than 4 letters"); }
        return prefix + Long.toString(ProcessHandle.current().pid() % MAX_IDS, Character.MAX_RADIX);
    }
}
