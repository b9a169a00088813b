package io.weft.dataplane.conductor;

import io.weft.dataplane.port.afxdp.AfXdpDevice;
import java.util.ArrayList;
import java.util.List;

/**
 * The devices that the workers have open, and the order in which one comes and goes: sockets, then the workers' ports, then the program; and
 * back. Thread: the conductor.
 */
final class Devices {
    private final WorkerPool workers;
    private final List<AfXdpDevice> open = new ArrayList<>();

    Devices(WorkerPool workers) {
        this.workers = workers;
    }

    /** Opens a device and lets its frames in. */
    AfXdpDevice open(AfXdpDevice.Spec spec) {
        AfXdpDevice device = bind(spec);
        try {
            device.attach();
            return device;
        } catch (RuntimeException e) {
            close(device);
            throw e;
        }
    }

    /** Opens a device without letting its frames in. */
    AfXdpDevice bind(AfXdpDevice.Spec spec) {
        AfXdpDevice device = AfXdpDevice.open(spec, workers.memories());
        open.add(device);
        workers.assign(open);
        return device;
    }

    void close(AfXdpDevice device) {
        device.detach();
        open.remove(device);
        workers.assign(open);
        device.close();
        workers.assign(open, List.of(device));
    }

    /**
     * Closes all, at once: each close waits for a grace period of the kernel's, and a node has hundreds. The program of a device that fails to
     * close goes with the process.
     */
    void closeAll() {
        List<AfXdpDevice> all = List.copyOf(open);
        all.forEach(AfXdpDevice::detach);
        workers.assign(all); // one more turn for what had been taken
        open.clear();
        workers.assign(open);
        all.reversed().parallelStream().forEach(AfXdpDevice::close);
        workers.assign(open, all);
    }
}
