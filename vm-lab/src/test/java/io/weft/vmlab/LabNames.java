package io.weft.vmlab;

/** Names of labs that no other run of the same test on this machine uses at the same time. */
final class LabNames {
    private LabNames() {}

    /** {@code prefix}, 1 to 4 letters, and this process's id in base 36: at most 4 characters for the kernel's 2²². */
    static String unique(String prefix) {
        return prefix + Long.toString(ProcessHandle.current().pid(), Character.MAX_RADIX);
    }
}
