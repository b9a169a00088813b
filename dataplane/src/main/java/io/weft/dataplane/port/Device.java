package io.weft.dataplane.port;

import java.util.List;

/**
 * A network device as the workers use it: queue i is worker i's {@link Port}. A {@link DeviceDriver} opens it.
 *
 * <p>It comes and goes in this order: {@link DeviceDriver#open}; the workers are given its {@link #ports}; {@link #attach}, and frames come;
 * {@link #detach}, and no more do; the ports are taken from the workers; {@link #close}; each worker lets its port {@link Port#reclaim}. A
 * device takes no frames beyond the life of the process, however that ends.
 *
 * <p>Thread: the conductor, in the node's network namespace; {@link #close} may run on any thread. Cold code.
 */
public interface Device extends AutoCloseable {
    /**
     * What to open.
     *
     * @param portId of its ports
     * @param kind of {@link io.weft.dataplane.forwarding.PortKind}: whose frames come through it
     * @param name by which the driver finds it
     * @param ifindex of the kernel's interface, 0 for a device that the kernel has none for
     * @param queues wanted: one for each of the first workers; a device with fewer serves fewer workers
     */
    record Spec(int portId, int kind, String name, int ifindex, int queues) {
        public Spec withQueues(int count) {
            return new Spec(portId, kind, name, ifindex, count);
        }
    }

    Spec spec();

    /** Each worker's port, by its index, for as many workers as the device has queues. */
    List<Port> ports();

    /**
     * Lets frames in. The workers have their ports, else the first frames would find no chunk.
     *
     * @throws RuntimeException whose message says why it failed; the device is still to be closed
     */
    void attach();

    /** Lets no more frames in. A device that the kernel has an interface for leaves its frames to the kernel again. */
    void detach();

    /** How frames pass between the device and the workers' memory, for {@code weft status}: an XDP mode or a driver. Known once attached. */
    String mode();

    /** Why it is no better mode; empty for the best. */
    String reason();

    /** The first error with which a port found the device gone: a positive errno, or 0 while it works. */
    int failure();

    /** Copies what the device counts by itself to the counters of its ports. */
    void readStatistics();

    /** Releases the device and its queues; no worker uses its ports. */
    @Override
    void close();
}
