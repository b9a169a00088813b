package io.weft.controlplane.cni;

import io.weft.controlplane.ipam.AddressPool;
import io.weft.encap.address.Ipv4Prefix;

/**
 * Where a pod sends packets: all to the gateway, long ones only to pods of its node.
 *
 * @param podCidr the node's pods
 * @param offNodeMtu largest packet to everybody else, Services among them, because a backend may be on another node
 */
record PodRoutes(Ipv4Prefix podCidr, int offNodeMtu) {
    int gateway() {
        return AddressPool.gateway(podCidr);
    }
}
