package io.weft.dataplane.port;

import java.util.List;

/**
 * A network device as the workers use it: queue i is worker i's {@link Port}. A {@link DeviceDriver} opens it.
 *
 * <p>Its life cycle: {@link DeviceDriver#open}; the workers get its {@link #ports}; {@link #attach}, and frames arrive; {@link #detach},
 * and no more arrive; the workers give up the ports; {@link #close}; each worker calls {@link Port#reclaim}. A device takes no frames after
 * the process has ended, however it ended.
 *
 * <p>Thread: the conductor, in the node's network namespace; {@link #close} may run on any thread. Cold code.
 */
public interface Device extends AutoCloseable {
    /**
     * Which device to open, and for what.
     *
     * @param portId id of its ports
     * @param kind a {@link io.weft.dataplane.forwarding.PortKind}: whose frames it carries
     * @param name by which the driver finds it
     * @param ifindex of the kernel's network interface, 0 if the kernel has none for the device
     * @param queues number of queues wanted, one for each of the first workers; a device with fewer serves fewer workers
     */
    record Spec(int portId, int kind, String name, int ifindex, int queues) {
        public Spec withQueues(int count) {
            return new Spec(portId, kind, name, ifindex, count);
        }
    }

    Spec spec();

    /** The ports by worker index, for as many workers as the device has queues. */
    List<Port> ports();

    /**
     * Lets frames in. The workers must have their ports, or the first frames would find no chunk.
     *
     * @throws RuntimeException whose message says why it failed; the device must still be closed
     */
    void attach();

    /** Lets no more frames in. If the kernel has a network interface for the device, the kernel receives its frames again. */
    void detach();

    /**
     * How frames pass between the device and the workers' memory, for {@code weft status}: an XDP mode or a driver. Known after
     * {@link #attach}.
     */
    String mode();

    /** Why the mode is not a better one; empty for the best. */
    String reason();

    /** The positive errno with which a port first found the device gone; 0 while it works. */
    int failure();

    /** Chunks of the workers' memory that the ports hold. While the workers run, it may be a few frames out of date. */
    int heldChunks();

    /** Copies the device's own counters to the counters of its ports. */
    void readStatistics();

    /** Releases the device and its queues. No worker may use its ports any more. */
    @Override
    void close();
}
