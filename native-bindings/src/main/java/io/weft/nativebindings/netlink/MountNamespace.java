package io.weft.nativebindings.netlink;

import io.weft.nativebindings.linux.LinuxException;
import java.nio.file.Path;

/**
 * Mounts that only one thread and the processes that it starts see. Needs CAP_SYS_ADMIN. The namespace, and with it every mount made in it,
 * ends with the last thread or process inside.
 */
public final class MountNamespace {
    private static final Path ROOT = Path.of("/");

    private MountNamespace() {}

    /**
     * Gives the calling platform thread a copy of its mounts. What is mounted outside afterwards appears in the copy too, but not the other
     * way round. The thread cannot go back: let it end.
     */
    public static void unshare() {
        LinuxException.check("make a mount namespace", NamespaceCalls.unshareMounts());
        LinuxException.check("keep the mounts of a mount namespace inside",
            NamespaceCalls.mount(Path.of(""), ROOT, NamespaceCalls.MS_SLAVE | NamespaceCalls.MS_REC));
    }

    /** Shows {@code source}, a file or a directory with everything mounted below it, at the existing path {@code target}. */
    public static void bind(Path source, Path target) {
        LinuxException.check("mount " + source + " on " + target,
            NamespaceCalls.mount(source, target, NamespaceCalls.MS_BIND | NamespaceCalls.MS_REC));
    }
}
