package io.weft.vmlab.lab;

import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import java.io.IOException;

/** What making namespaces, links and AF_XDP sockets takes. */
public final class Privileges {
    private Privileges() {}

    /** @throws IOException one line that says what {@code command} needs, when this process may not do it */
    public static void requireRoot(String command) throws IOException {
        if (!Capabilities.missing(Capability.CAP_SYS_ADMIN, Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW)
            .isEmpty()) {
            throw new IOException(
                command + " makes network namespaces and AF_XDP sockets and needs root: run it by sudo");
        }
    }
}
