package io.weft.nativebindings.netlink;

import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.Sysctl;

/** A host name that only one thread and the processes that it starts see. Needs CAP_SYS_ADMIN. */
public final class UtsNamespace {
    private UtsNamespace() {}

    /** Gives the calling platform thread a host name of its own. The thread cannot go back: let it end. */
    public static void unshare(String hostName) {
        LinuxException.check("make a UTS namespace", NamespaceCalls.unshareHostName());
        Sysctl.write("kernel/hostname", hostName);
    }
}
