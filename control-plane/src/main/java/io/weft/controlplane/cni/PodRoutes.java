package io.weft.controlplane.cni;

import io.weft.controlplane.ipam.AddressPool;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.nativebindings.netlink.Route;
import java.util.List;

/**
 * Where a pod sends packets: all to the gateway, long ones only to pods of its node.
 *
 * @param podCidr the node's pods
 * @param offNodeMtu maximum packet length to all other destinations, including Services, because a backend may be on another node
 */
record PodRoutes(IpPrefix podCidr, int offNodeMtu) {
    private static final int HOST_PREFIX = 32;

    IpAddress gateway() {
        return AddressPool.gateway(podCidr);
    }

    /** In the order in which the kernel accepts them. */
    List<Route> through(int ifindex, int deviceMtu, int table) {
        return List.of(
            Route.to(gateway().toInt(), HOST_PREFIX).device(ifindex).table(table),
            Route.to(podCidr.base().toInt(), podCidr.length()).via(gateway().toInt(), ifindex).onLink().table(table),
            Route.to(0, 0).via(gateway().toInt(), ifindex).onLink().mtu(Math.min(deviceMtu, offNodeMtu)).table(table));
    }
}
