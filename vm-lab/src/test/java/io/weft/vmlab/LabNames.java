package io.weft.vmlab;

/** Names of labs that no other run of the same test on this machine uses at the same time. */
final class LabNames {
    private static final int MAX_PREFIX = 4;

    private LabNames() {}

    /** {@code prefix}, 1 to 4 letters, and this process's id in base 36: at most 4 characters for the kernel's 2²². */
    static String unique(String prefix) {
        if (prefix.length() > MAX_PREFIX) { throw new IllegalArgumentException(prefix + ": more than 4 letters"); }
        return prefix + Long.toString(ProcessHandle.current().pid(), Character.MAX_RADIX);
    }
}
