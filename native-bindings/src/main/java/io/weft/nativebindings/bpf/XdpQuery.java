package io.weft.nativebindings.bpf;

import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;

/** Asks the kernel which XDP program is attached to a device. Cold code. */
public final class XdpQuery {
    private XdpQuery() {}

    /**
     * The id of the XDP program that is attached to a device of the calling thread's network namespace, in any mode; 0 if there is none.
     */
    public static int programId(int ifindex) {
        try (Rtnetlink rtnetlink = Rtnetlink.open()) {
            return rtnetlink.link(ifindex)
                .map(Link::xdpProgramId)
                .orElseThrow(() -> new LinuxException("read XDP program of ifindex " + ifindex, Errno.ENODEV));
        }
    }
}
