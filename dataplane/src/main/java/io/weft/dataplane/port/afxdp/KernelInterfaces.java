package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.port.Device;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.Channels;
import io.weft.nativebindings.netlink.Ethtool;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * What has to be set on the kernel's interfaces for AF_XDP, and on the uplink, which stays, set back at the end: as many queues as workers, because
 * frames on a queue without a socket would be lost; no receive offload that merges packets; no forwarding by the kernel for pods.
 *
 * <p>Thread: the conductor, in the interfaces' network namespace. Cold code.
 */
final class KernelInterfaces implements AutoCloseable {
    private static final Logger LOG = System.getLogger(KernelInterfaces.class.getName());
    private static final String LRO = "rx-lro";
    private static final String GRO = "rx-gro";

    private final Ethtool ethtool = Ethtool.open();
    /** The last change first. */
    private final Deque<Change> changes = new ArrayDeque<>();

    /** @param undo sets back {@code what} of {@code device} */
    private record Change(String device, String what, Runnable undo) {
    }

    /** The most queues that can be received on and sent from; 1 for a driver that does not say. */
    int maxQueues(String device) {
        return Math.max(1, ethtool.channels(device).map(Channels::maximumQueues).orElse(1));
    }

    /** A pod's interface has the queues, or more that its peer needs; it goes away with the pod. */
    Device.Spec preparePod(Device.Spec spec) {
        keepClosedToTheKernel(spec.name());
        Optional<Channels> present = ethtool.channels(spec.name());
        int queues = Math.min(spec.queues(), present.map(Channels::maximumQueues).orElse(1));
        present.filter(now -> now.receiveQueues() < queues || now.transmitQueues() < queues)
            .ifPresent(now -> ethtool.setChannels(spec.name(), now.withQueues(queues)));
        return spec.withQueues(queues);
    }

    /** The uplink has exactly these queues. */
    void prepareUplink(Device.Spec spec) {
        String device = spec.name();
        Optional<Channels> present = ethtool.channels(device);
        if (present.isPresent() && (present.get().receiveQueues() != spec.queues()
            || present.get().transmitQueues() != spec.queues())) {
            ethtool.setChannels(device, present.get().withQueues(spec.queues()));
            changes.push(new Change(device, "queues", () -> ethtool.setChannels(device, present.get())));
        }
        turnOff(device, LRO);
    }

    /** Socket buffers that were merged are longer than a chunk. */
    void prepareGenericUplink(String device) {
        turnOff(device, GRO);
    }

    /** Sets back what was changed on the uplink; logs what it cannot. The sockets are closed: their queues cannot be taken away. */
    @Override
    public void close() {
        for (Change change : changes) {
            try {
                change.undo.run();
            } catch (LinuxException e) {
                LOG.log(Level.WARNING, "{0}: {1} not set back: {2}", change.device, change.what, e.getMessage());
            }
        }
        changes.clear();
        ethtool.close();
    }

    private void turnOff(String device, String feature) {
        if (ethtool.isFeatureOn(device, feature)) {
            ethtool.setFeature(device, feature, false);
            changes.push(new Change(device, feature, () -> ethtool.setFeature(device, feature, true)));
        }
    }

    /** While Weft is away the kernel must not forward for the pod: its frames would leave with its own address. */
    private static void keepClosedToTheKernel(String device) {
        String forwarding = "net/ipv4/conf/" + device + "/forwarding";
        if (!Sysctl.read(forwarding).equals("0")) {
            Sysctl.write(forwarding, "0");
        }
    }
}
