package io.weft.dataplane.conductor;

import io.weft.dataplane.table.LocalNode;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
/**
 * The kernel's interface that leads to the other nodes, and what has to be true of it before the dataplane starts.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
final class Uplink {
    private final Rtnetlink rtnetlink;
    private final Link link;

    Uplink(Rtnetlink rtnetlink, String device) {
        this.rtnetlink = rtnetlink;
        link = rtnetlink.link(device).orElseThrow(
            () -> new SetupException("uplink: there is no device " + device + " in this network namespace"));
        if (!link.isUp()) {
            throw new SetupException(
                "uplink: device " + device + " is down; set it up first (ip link set " + device + " up)");
        }
    }

    /** Tunnels and masqueraded flows end at the node's address, so a device must have it; that may be another than the uplink. */
    void requireAddress(LocalNode local) {
        if (rtnetlink.addresses().stream().noneMatch(address -> address.ip() == local.address().toInt())) {
            String text = local.address().toString();
            throw new SetupException(
                "no device here has the node's address " + text + ": give it to one (ip address add "
                    + text + "/LENGTH dev " + link.name() + "), or correct the InternalIP of this node's Node object");
        }
    }

    Link link() {
        return link;
    }
}
