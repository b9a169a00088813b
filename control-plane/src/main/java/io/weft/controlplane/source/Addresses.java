package io.weft.controlplane.source;

import io.weft.encap.address.Ipv4Address;
import java.net.Inet6Address;
import java.util.Optional;
import java.util.OptionalInt;

/** IP addresses in manifests. */
final class Addresses {
    private Addresses() {
    }

    /** @return host-numeric, or empty for an IPv6 address */
    static Optional<Integer> ipv4(YamlValue value) {
        String text = value.text();
        OptionalInt address = Ipv4Address.parse(text);
        if (address.isPresent()) { return Optional.of(address.getAsInt()); }
        if (isIpv6(text)) { return Optional.empty(); }
        throw value.wrong("must be an IP address, not \"" + text + "\"");
    }

    static boolean isIpv6(String text) {
        if (text.indexOf(':') < 0) { return false; }
        try {
            Inet6Address.ofLiteral(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
