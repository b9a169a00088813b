package io.weft.dataplane.port;

import io.weft.dataplane.frame.ChunkLayout;
import java.util.List;

/**
 * Opens devices for the workers' memory, which it registers with the kernel or a library as needed.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
public interface DeviceDriver extends AutoCloseable {
    /** Maximum number of workers that can each have a queue of the device; at least 1. */
    int maxQueues(String device);

    /**
     * The chunk layout in the workers' memory for the device that carries most frames, the uplink.
     *
     * @param chunkSize bytes, 2048 or 4096
     */
    ChunkLayout chunkLayout(String device, int chunkSize);

    /** The filter that decides which frames of the uplink are Weft's. The driver owns it; it is valid until the driver is closed. */
    UplinkFilter uplinkFilter();

    /**
     * Opens a device without letting frames in. {@code weft-host} must be opened first and closed last, because a driver may bind shared
     * resources to it.
     *
     * @param workers all of them, by index
     * @throws RuntimeException whose message says why it failed; nothing is left open
     */
    Device open(Device.Spec spec, List<WorkerMemory> workers);

    /** Restores the settings that were changed on devices. All devices must be closed. */
    @Override
    void close();
}
