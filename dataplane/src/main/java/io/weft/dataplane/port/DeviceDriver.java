package io.weft.dataplane.port;

import io.weft.dataplane.frame.ChunkLayout;
import java.util.List;

/**
 * Opens devices on the workers' memory, which it registers with the kernel or with its library as that requires.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
public interface DeviceDriver extends AutoCloseable {
    /** The most workers that can have a queue of the device each; at least 1. */
    int maxQueues(String device);

    /**
     * How chunks should lie in the workers' memory for the device that carries most, the uplink.
     *
     * @param chunkSize bytes, 2048 or 4096
     */
    ChunkLayout chunkLayout(String device, int chunkSize);

    /** Decides which frames the uplink takes. It is the driver's, and valid until it is closed. */
    UplinkFilter uplinkFilter();

    /**
     * Opens a device without letting frames in. {@code weft-host} comes first and goes last: a driver may tie what is shared to it.
     *
     * @param workers all of them, by index
     * @throws RuntimeException whose message says why it failed; nothing is left open
     */
    Device open(Device.Spec spec, List<WorkerMemory> workers);

    /** Sets back what was set on devices, once all are closed. */
    @Override
    void close();
}
