package io.weft.vmlab.api;

import io.weft.vmlab.LabExtension;

/** The lab of the tests that need nothing special: two nodes that record all flows, and a kernel peer. */
final class ApiLab {
    static final LabExtension SHARED = LabExtension.ofNodes("api", 2).withKernelPeer()
        .withSetting("flows.records", "all").shared();

    private ApiLab() {}
}
