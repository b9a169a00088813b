package io.weft.controlplane.cni;

import java.util.List;

/** Versions of the CNI specification, oldest first, with the differences that matter here. The plug-in loads it: JDK only. */
final class CniVersion {
    /** Every version whose results list interfaces and addresses. */
    static final List<String> SUPPORTED = List.of("0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0");
    static final String NEWEST = SUPPORTED.getLast();

    private CniVersion() {
    }

    static boolean isSupported(String version) {
        return SUPPORTED.contains(version);
    }

    /** Before 1.0.0 each address names its family. */
    static boolean hasAddressFamily(String version) {
        return SUPPORTED.indexOf(version) < SUPPORTED.indexOf("1.0.0");
    }

    /** Since 1.1.0 interfaces and routes carry their MTU. */
    static boolean hasMtu(String version) {
        return SUPPORTED.indexOf(version) >= SUPPORTED.indexOf("1.1.0");
    }
}
