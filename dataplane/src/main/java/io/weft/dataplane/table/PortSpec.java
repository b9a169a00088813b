package io.weft.dataplane.table;

import io.weft.dataplane.forwarding.PortId;
import io.weft.encap.address.IpAddress;
import java.nio.charset.StandardCharsets;

/**
 * A pod's port that the control plane wants the dataplane to open.
 *
 * @param id from {@link PortId#FIRST_POD} to {@link PortId#COUNT} - 1
 * @param attachId identifies the attachment: a different value under the same id and name is a different pod
 * @param ifName the node's end of the pod's veth
 * @param podMac 48 bits, of the pod's end
 * @param mtu maximum bytes of an IP packet
 */
public record PortSpec(int id, long attachId, String ifName, IpAddress podIp, long podMac, int mtu) {
    /** IFNAMSIZ minus the final 0, {@code <linux/if.h>}. */
    public static final int MAX_NAME_LENGTH = 15;

    public PortSpec {
        if (id < PortId.FIRST_POD || id >= PortId.COUNT) {
            throw new IllegalArgumentException(
                "port id " + id + " is outside " + PortId.FIRST_POD + " to " + (PortId.COUNT - 1));
        }
        int length = ifName.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException("port " + id + ": \"" + ifName + "\" is not a device name");
        }
    }
}
