package io.weft.dataplane.table;

import java.nio.charset.StandardCharsets;

/**
 * A pod's port, as the control plane wants it opened.
 *
 * @param id 2 to {@link #MAX_PORTS} - 1; 0 is weft-host, 1 the uplink
 * @param attachId tells one attachment from the next under the same id and name: another value is another pod
 * @param ifName the node's end of the pod's veth
 * @param podIp numeric
 * @param podMac 48 bits, of the pod's end
 * @param mtu bytes of an IP packet
 */
public record PortSpec(int id, long attachId, String ifName, int podIp, long podMac, int mtu) {
    public static final int WEFT_HOST = 0;
    public static final int UPLINK = 1;
    public static final int FIRST_POD = 2;
    public static final int MAX_PORTS = 1024;
    /** IFNAMSIZ less the final 0, {@code <linux/if.h>}. */
    public static final int MAX_NAME_LENGTH = 15;

    public PortSpec {
        if (id < FIRST_POD || id >= MAX_PORTS) {
            throw new IllegalArgumentException("port id " + id + " is outside " + FIRST_POD + " to " + (MAX_PORTS - 1));
        }
        int length = ifName.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException("\"" + ifName + "\" is no device name");
        }
    }
}
