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
 * Prepares the kernel's network interfaces for AF_XDP, and restores the uplink's settings at the end. An interface needs as many queues as
 * workers, because frames on a queue without a socket would be lost. Receive offloads that merge packets must be off, and the kernel must
 * not forward for pods.
 *
 * <p>Thread: the conductor, in the interfaces' network namespace. Cold code.
 */
final class KernelInterfaces implements AutoCloseable {
    private static final Logger LOG = System.getLogger(KernelInterfaces.class.getName());
    private static final String LRO = "rx-lro";
    private static final String GRO = "rx-gro";

    private final Ethtool ethtool = Ethtool.open();
    /** The most recent change is first. */
    private final Deque<Change> changes = new ArrayDeque<>();

    /** @param undo restores {@code what} of {@code device} */
    private record Change(String device, String what, Runnable undo) {
    }

    /** Maximum number of queues that both receive and transmit; 1 if the driver does not report it. */
    int maxQueues(String device) {
        return Math.max(1, ethtool.channels(device).map(Channels::maximumQueues).orElse(1));
    }

    /**
     * Gives a pod's interface at least the queues; it may have more for its peer. Nothing is restored, because the interface disappears
     * with the pod.
     */
    Device.Spec preparePod(Device.Spec spec) {
        keepClosedToTheKernel(spec.name());
        Optional<Channels> present = ethtool.channels(spec.name());
        int queues = Math.min(spec.queues(), present.map(Channels::maximumQueues).orElse(1));
        present.filter(now -> now.receiveQueues() < queues || now.transmitQueues() < queues)
            .ifPresent(now -> ethtool.setChannels(spec.name(), now.withQueues(queues)));
        return spec.withQueues(queues);
    }

    /** Gives the uplink exactly these queues. */
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

    /** Turns GRO off, because merged socket buffers are longer than a chunk. */
    void prepareGenericUplink(String device) {
        turnOff(device, GRO);
    }

    /**
     * Restores the uplink's settings, and logs what it cannot restore. The sockets must be closed, because the kernel does not remove
     * queues that have one.
     */
    @Override
    public void close() {
        for (Change change : changes) {
            try {
                change.undo.run();
            } catch (LinuxException e) {
                LOG.log(Level.WARNING, "cannot restore {1} of {0}: {2}", change.device, change.what, e.getMessage());
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

    /**
     * Turns the kernel's forwarding off for the pod. Otherwise its frames would leave with the pod's own address while Weft is not running.
     */
    private static void keepClosedToTheKernel(String device) {
        String forwarding = "net/ipv4/conf/" + device + "/forwarding";
        if (!Sysctl.read(forwarding).equals("0")) {
            Sysctl.write(forwarding, "0");
        }
    }
}
