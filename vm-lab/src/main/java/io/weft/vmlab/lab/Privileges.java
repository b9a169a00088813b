package io.weft.vmlab.lab;

import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import java.io.IOException;

/** The privileges needed to create namespaces, links and AF_XDP sockets. */
public final class Privileges {
    private Privileges() {}

    /** @throws IOException with one line that says what {@code command} needs, if this process lacks it */
    public static void requireRoot(String command) throws IOException {
        if (!Capabilities.missing(Capability.CAP_SYS_ADMIN, Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW)
            .isEmpty()) {
            throw new IOException(
                command + " creates network namespaces and AF_XDP sockets and needs root: run it with sudo");
        }
    }
}
