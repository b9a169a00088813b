package io.weft.perf.traffic;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;

/** Skips tests for which this process lacks privileges, and prints the reason. */
public final class Requirements {
    private Requirements() {}

    public static void root() {
        boolean allowed = Capabilities.missing(Capability.CAP_SYS_ADMIN, Capability.CAP_NET_ADMIN).isEmpty();
        if (!allowed) { System.out.println("skipped: needs root"); }
        assumeTrue(allowed, "needs root");
    }
}
