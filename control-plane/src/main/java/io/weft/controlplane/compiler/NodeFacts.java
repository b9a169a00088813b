package io.weft.controlplane.compiler;

import io.weft.encap.address.IpAddress;
import java.util.Optional;

/**
 * Properties of this node that come from the machine, not from the configuration or the Node object.
 *
 * @param uplinkMtu bytes
 * @param uplinkAddress used if the Node object has no InternalIP
 * @param vtepMac 48 bits, kept across restarts
 */
public record NodeFacts(int uplinkMtu, Optional<IpAddress> uplinkAddress, long vtepMac) {
}
