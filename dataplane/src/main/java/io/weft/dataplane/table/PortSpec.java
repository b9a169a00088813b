package io.weft.dataplane.table;

import io.weft.dataplane.forwarding.PortId;
import io.weft.encap.address.IpAddress;
import java.nio.charset.StandardCharsets;

/**
 * A pod's port, as the control plane wants it opened.
 *
 * @param id from {@link PortId#FIRST_POD} to {@link PortId#COUNT} - 1
 * @param attachId tells one attachment from the next under the same id and name: another value is another pod
 * @param ifName the node's end of the pod's veth
 * @param podMac 48 bits, of the pod's end
 * @param mtu bytes of an IP packet
 */
public record PortSpec(int id, long attachId, String ifName, IpAddress podIp, long podMac, int mtu) {
    /** IFNAMSIZ less the final 0, {@code <linux/if.h>}. */
    public static final int MAX_NAME_LENGTH = 15;

    public PortSpec {
        if (id < PortId.FIRST_POD || id >= PortId.COUNT) {
            throw new IllegalArgumentException(
                "port id " + id + " is outside " + PortId.FIRST_POD + " to " + (PortId.COUNT - 1));
        }
        int length = ifName.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException("\"" + ifName + "\" is no device name");
        }
    }
}
