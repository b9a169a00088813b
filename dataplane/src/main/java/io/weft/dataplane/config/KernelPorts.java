package io.weft.dataplane.config;

import java.util.BitSet;

/**
 * Ports that the kernel hands out, or that the operator reserved for other programs. Masqueraded flows do not use them
 * (Documentation/networking/ip-sysctl.rst).
 */
public final class KernelPorts {
    /** The kernel picks ports from this range for sockets that bind none. */
    public static final String LOCAL_RANGE = "net/ipv4/ip_local_port_range";
    /** Ports reserved for programs that bind them by number. */
    public static final String RESERVED = "net/ipv4/ip_local_reserved_ports";

    private KernelPorts() {
    }

    /**
     * The ports of both settings.
     *
     * @param localRange text of {@link #LOCAL_RANGE}: {@code FIRST LAST}
     * @param reserved text of {@link #RESERVED}: {@code PORT,FIRST-LAST,…}, or empty
     */
    public static BitSet of(String localRange, String reserved) {
        BitSet ports = new BitSet();
        PortRange range = localRange(localRange);
        ports.set(range.first(), range.last() + 1);
        if (!reserved.isBlank()) {
            for (String part : reserved.strip().split(",")) {
                int dash = part.indexOf('-');
                int first = Integer.parseInt(dash < 0 ? part : part.substring(0, dash));
                ports.set(first, (dash < 0 ? first : Integer.parseInt(part.substring(dash + 1))) + 1);
            }
        }
        return ports;
    }

    /** @param text of {@link #LOCAL_RANGE} */
    public static PortRange localRange(String text) {
        String[] ends = text.strip().split("\\s+");
        return new PortRange(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]));
    }
}
