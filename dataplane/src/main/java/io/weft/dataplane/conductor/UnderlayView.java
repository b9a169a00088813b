package io.weft.dataplane.conductor;

import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.nativebindings.netlink.Link;
import java.util.List;
import java.util.Optional;

/** The kernel's links, routes and neighbours, from which next hops are derived. One thread. */
interface UnderlayView {
    Optional<Link> link(int ifindex);

    /** Gateways of the routes through the uplink. */
    List<Integer> gateways();

    /** See {@link UnderlayRoutes#lookup}. */
    long lookup(int destination);

    /** The MAC address of a next hop, or 0 while it is not resolved. Asks the kernel to resolve it. */
    long macOf(int nextHop);

    /** Makes the kernel try again at once if it has given up. */
    void probe(int nextHop);

    /** Undoes what {@link #macOf} asked of the kernel: the next hop is not used any more. */
    void forget(int nextHop);
}
