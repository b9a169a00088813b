package io.weft.controlplane.operator;

import io.weft.encap.address.IpAddress;
import java.util.Comparator;
import java.util.Optional;

/**
 * The endpoints that a drain is about, of all Services.
 *
 * @param port 1 to 65535, or {@link #ALL_PORTS}
 */
public record DrainTarget(IpAddress address, int port) implements Comparable<DrainTarget> {
    public static final int ALL_PORTS = 0;
    private static final int MAX_PORT = 65_535;
    private static final Comparator<DrainTarget> ORDER = Comparator.comparing(DrainTarget::address)
        .thenComparingInt(DrainTarget::port);

    /** {@code ADDRESS} or {@code ADDRESS:PORT}, IPv4. @return empty for any other text */
    public static Optional<DrainTarget> parse(String text) {
        int colon = text.indexOf(':');
        Optional<IpAddress> address = IpAddress.parse(colon < 0 ? text : text.substring(0, colon))
            .filter(ip -> ip.isIpv4() && !ip.isUnspecified());
        if (colon < 0) { return address.map(ip -> new DrainTarget(ip, ALL_PORTS)); }
        String port = text.substring(colon + 1);
        if (!port.matches("[1-9][0-9]{0,4}") || Integer.parseInt(port) > MAX_PORT) { return Optional.empty(); }
        return address.map(ip -> new DrainTarget(ip, Integer.parseInt(port)));
    }

    @Override
    public int compareTo(DrainTarget other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return port == ALL_PORTS ? address.toString() : address + ":" + port;
    }
}
