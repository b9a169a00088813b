package io.weft.dataplane.conductor;

import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.DeviceDriver;
import java.util.ArrayList;
import java.util.List;

/** The devices that the workers have open. Keeps the order in which {@link Device} must be opened and closed. Thread: the conductor. */
final class Devices {
    private final DeviceDriver driver;
    private final WorkerPool workers;
    private final List<Device> open = new ArrayList<>();

    Devices(DeviceDriver driver, WorkerPool workers) {
        this.driver = driver;
        this.workers = workers;
    }

    /** Opens a device and lets its frames in. */
    Device open(Device.Spec spec) {
        Device device = bind(spec);
        try {
            device.attach();
            return device;
        } catch (RuntimeException e) {
            close(device);
            throw e;
        }
    }

    /** Opens a device without letting its frames in. */
    Device bind(Device.Spec spec) {
        Device device = driver.open(spec, workers.memories());
        open.add(device);
        workers.assign(open);
        return device;
    }

    /** Assigns the workers the same ports again, with the decorators that they should have now. */
    void reassign() {
        workers.assign(open);
    }

    /** Chunks that the open devices hold. */
    long heldChunks() {
        return open.stream().mapToLong(Device::heldChunks).sum();
    }

    void close(Device device) {
        device.detach();
        open.remove(device);
        workers.assign(open);
        device.close();
        workers.assign(open, List.of(device));
    }

    /**
     * Closes all devices together, because each close may wait for an RCU grace period of the kernel, and a node may have hundreds of
     * devices.
     */
    void closeAll() {
        List<Device> all = List.copyOf(open);
        all.forEach(Device::detach);
        workers.assign(all); // one more iteration for frames already received
        open.clear();
        workers.assign(open);
        all.reversed().parallelStream().forEach(Device::close);
        workers.assign(open, all);
    }
}
