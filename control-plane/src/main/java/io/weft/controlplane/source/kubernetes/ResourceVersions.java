package io.weft.controlplane.source.kubernetes;

/**
 * Order of resource versions of one resource. The API defines it since 1.35 (KEP-5504): both are whole decimal numbers of any length.
 * Servers before that number them in the same way. Other versions have no order and are only equal or not.
 */
final class ResourceVersions {
    private ResourceVersions() {
    }

    /** Whether {@code version} is certainly older than {@code other}. */
    static boolean isOlder(String version, String other) {
        if (!isNumber(version) || !isNumber(other)) { return false; }
        return version.length() != other.length() ? version.length() < other.length() : version.compareTo(other) < 0;
    }

    private static boolean isNumber(String version) {
        for (int i = 0; i < version.length(); i++) {
            if (version.charAt(i) < '0' || version.charAt(i) > '9') { return false; }
        }
        return !version.isEmpty() && version.charAt(0) != '0';
    }

    /** Whether {@code version} is the other one, or certainly older. */
    static boolean isNotNewer(String version, String other) {
        return version.equals(other) || isOlder(version, other);
    }
}
