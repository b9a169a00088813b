package io.weft.dataplane.testing;

import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.DeviceDriver;
import io.weft.dataplane.port.UplinkFilter;
import io.weft.dataplane.port.WorkerMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Opens {@link MemoryDevice}s, for tests of the conductor's parts. Thread: one. */
public final class MemoryDriver implements DeviceDriver {
    private final Map<String, String> refusals = new HashMap<>();
    private final List<MemoryDevice> devices = new ArrayList<>();

    /** Makes the device fail to open with this reason from now on; null ends that. */
    public void refuse(String name, String reason) {
        refusals.put(name, reason);
    }

    /** All devices that were ever opened, in order. */
    public List<MemoryDevice> devices() {
        return devices;
    }

    /** Violations of the order that {@link Device} requires. */
    public List<String> violations() {
        return devices.stream().flatMap(device -> device.violations().stream()).toList();
    }

    @Override
    public int maxQueues(String device) {
        return Integer.MAX_VALUE;
    }

    @Override
    public ChunkLayout chunkLayout(String device, int chunkSize) {
        return ChunkLayout.aligned(chunkSize);
    }

    @Override
    public UplinkFilter uplinkFilter() {
        throw new UnsupportedOperationException("a device in memory takes every frame");
    }

    @Override
    public Device open(Device.Spec spec, List<WorkerMemory> workers) {
        String reason = refusals.get(spec.name());
        if (reason != null) { throw new IllegalStateException(reason); }
        MemoryDevice device = new MemoryDevice(spec, workers);
        devices.add(device);
        return device;
    }

    @Override
    public void close() {
        // Nothing is set on any device.
    }
}
