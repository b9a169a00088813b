package io.weft.dataplane.conductor;

import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.nativebindings.netlink.Link;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An underlay whose links, routes and neighbours the test sets. */
final class FakeUnderlay implements UnderlayView {
    static final int UPLINK = 9;
    static final long UPLINK_MAC = 0x02_00_00_00_00_09L;

    UnderlayRoutes routes = UnderlayRoutes.NONE;
    Link uplink = uplink(1500, true);
    final List<Integer> gateways = new ArrayList<>();
    final Map<Integer, Long> macs = new HashMap<>();
    final List<Integer> probed = new ArrayList<>();
    final List<Integer> forgotten = new ArrayList<>();

    static Link uplink(int mtu, boolean up) {
        return new Link(UPLINK, "up0", UPLINK_MAC, mtu, up ? Link.IFF_UP : 0, 0, "veth", -1, -1, 0, "", 1, 1, 0,
            Link.XdpMode.NONE);
    }

    @Override
    public Optional<Link> link(int ifindex) {
        return ifindex == UPLINK ? Optional.ofNullable(uplink) : Optional.empty();
    }

    @Override
    public List<Integer> gateways() {
        return gateways;
    }

    @Override
    public long lookup(int destination) {
        return routes.lookup(destination);
    }

    @Override
    public long macOf(int nextHop) {
        return macs.getOrDefault(nextHop, 0L);
    }

    @Override
    public void forget(int nextHop) {
        forgotten.add(nextHop);
    }

    @Override
    public void probe(int nextHop) {
        probed.add(nextHop);
    }
}
