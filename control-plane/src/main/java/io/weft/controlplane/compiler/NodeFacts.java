package io.weft.controlplane.compiler;

import java.util.Optional;

/**
 * What the machine says of this node, beside configuration and Node object.
 *
 * @param uplinkMtu bytes
 * @param uplinkAddress host-numeric, for want of an InternalIP
 * @param vtepMac 48 bits, kept across restarts
 */
public record NodeFacts(int uplinkMtu, Optional<Integer> uplinkAddress, long vtepMac) {
}
