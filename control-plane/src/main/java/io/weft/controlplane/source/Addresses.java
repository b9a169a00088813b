package io.weft.controlplane.source;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.Optional;

/** Parses addresses and prefixes of cluster objects. IPv6 is parsed, but not supported yet. */
final class Addresses {
    private Addresses() {
    }

    /** @return empty for an IPv6 address */
    static Optional<IpAddress> ipv4(ObjectTree value) {
        IpAddress address = IpAddress.parse(value.text())
            .orElseThrow(() -> value.wrong("must be an IP address, not \"" + value.text() + "\""));
        return address.isIpv4() ? Optional.of(address) : Optional.empty();
    }

    /** @return empty for an IPv6 prefix */
    static Optional<IpPrefix> ipv4Prefix(ObjectTree value) {
        Optional<IpPrefix> prefix = IpPrefix.parse(value.text());
        if (prefix.isPresent() && !prefix.get().isIpv4()) { return Optional.empty(); }
        if (prefix.isEmpty() || !prefix.get().toString().equals(value.text())) {
            throw value.wrong("must be an address prefix such as 10.244.1.0/24, not \"" + value.text() + "\"");
        }
        return prefix;
    }
}
