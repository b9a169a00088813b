package io.weft.dataplane.conductor;

import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.nativebindings.netlink.Link;
import java.util.List;
import java.util.Optional;

/** What next hops are made of: the kernel's links, routes and neighbours. One thread. */
interface UnderlayView {
    Optional<Link> link(int ifindex);

    /** Routers that routes through the uplink name. */
    List<Integer> gateways();

    /** As {@link UnderlayRoutes#lookup}. */
    long lookup(int destination);

    /** The MAC address of a next hop, 0 while it is not resolved; asks the kernel to resolve it. */
    long macOf(int nextHop);

    /** Has the kernel try again at once where it has given up. */
    void probe(int nextHop);
}
