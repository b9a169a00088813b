package io.weft.dataplane.conductor;

import io.weft.dataplane.port.afxdp.XdpMode;
import io.weft.dataplane.table.LocalNode;
import io.weft.encap.address.Ipv4Address;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.netlink.Channels;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * What has to be set on the uplink before a program is attached, and set back afterwards: as many queues as workers, because frames on a queue
 * without a worker would be lost, and no receive offload that glues packets together.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
final class Uplink {
    private static final Logger LOG = System.getLogger(Uplink.class.getName());
    private static final String LRO = "rx-lro";
    private static final String GRO = "rx-gro";

    private final Rtnetlink rtnetlink;
    private final Ethtool ethtool;
    private final Link link;
    private Channels formerChannels;
    private boolean lroWasOn;
    private boolean groWasOn;

    Uplink(Rtnetlink rtnetlink, Ethtool ethtool, String device) {
        this.rtnetlink = rtnetlink;
        this.ethtool = ethtool;
        link = rtnetlink.link(device).orElseThrow(
            () -> new SetupException("uplink: there is no device " + device + " in this network namespace"));
        if (!link.isUp()) {
            throw new SetupException(
                "uplink: device " + device + " is down; set it up first (ip link set " + device + " up)");
        }
    }

    /** Tunnels and masqueraded flows end at the node's address, so a device must have it; that may be another than the uplink. */
    void requireAddress(LocalNode local) {
        if (rtnetlink.addresses().stream().noneMatch(address -> address.ip() == local.address())) {
            String text = Ipv4Address.format(local.address());
            throw new SetupException(
                "no device here has the node's address " + text + ": give it to one (ip address add "
                    + text + "/LENGTH dev " + link.name() + "), or correct the InternalIP of this node's Node object");
        }
    }

    Link link() {
        return link;
    }

    /** The most workers that each can have a queue. */
    int maxQueues() {
        return Math.max(1, channels().map(Channels::maximumQueues).orElse(1));
    }

    /** Sets the queues and turns off what a program cannot live with. */
    void prepare(int queues) {
        Optional<Channels> present = channels();
        if (present.isPresent()
            && (present.get().receiveQueues() != queues || present.get().transmitQueues() != queues)) {
            ethtool.setChannels(link.name(), present.get().withQueues(queues));
            formerChannels = present.get();
        }
        lroWasOn = turnOff(LRO);
    }

    /** Socket buffers that were merged are longer than a chunk. */
    void prepareGeneric(XdpMode mode) {
        if (mode == XdpMode.GENERIC) {
            groWasOn = turnOff(GRO);
        }
    }

    /** Sets back what {@link #prepare} changed; says so when it cannot. */
    void restore() {
        attempt("queues", formerChannels != null, () -> ethtool.setChannels(link.name(), formerChannels));
        attempt(LRO, lroWasOn, () -> ethtool.setFeature(link.name(), LRO, true));
        attempt(GRO, groWasOn, () -> ethtool.setFeature(link.name(), GRO, true));
    }

    private void attempt(String what, boolean wanted, Runnable change) {
        try {
            if (wanted) {
                change.run();
            }
        } catch (LinuxException e) {
            LOG.log(Level.WARNING, "{0}: {1} not set back: {2}", link.name(), what, e.getMessage());
        }
    }

    /** @return whether it was on */
    private boolean turnOff(String feature) {
        if (!ethtool.isFeatureOn(link.name(), feature)) { return false; }
        ethtool.setFeature(link.name(), feature, false);
        return true;
    }

    private Optional<Channels> channels() {
        return ethtool.channels(link.name());
    }
}
