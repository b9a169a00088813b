package io.weft.dataplane.conductor;

import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.ConductorText;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.table.LocalNode;
import io.weft.nativebindings.netlink.Link;

/** Reports {@code weft-host} and the uplink in the counters. Thread: the conductor. Cold code. */
final class DeviceReport {
    private final ConductorCounters counters;

    DeviceReport(ConductorCounters counters) {
        this.counters = counters;
    }

    void up(Device device) {
        Device.Spec spec = device.spec();
        counters.port(new PortStatus(
            spec.portId(), PortState.UP, 0, spec.name(), spec.ifindex(), device.ports().size(), device.mode(),
            device.reason()));
    }

    void gone(int portId) {
        counters.port(new PortStatus(portId, PortState.GONE, 0, "", 0, 0, "", ""));
    }

    void uplink(Link link, Device device, LocalNode local) {
        counters.set(ConductorText.UPLINK_NAME, link.name());
        counters.set(ConductorText.UPLINK_MODE, device.mode());
        counters.set(ConductorText.UPLINK_REASON, device.reason());
        counters.set(ConductorGauge.UPLINK_IFINDEX, link.index());
        counters.set(ConductorGauge.UPLINK_MTU, link.mtu());
        counters.set(ConductorGauge.UPLINK_IP, Integer.toUnsignedLong(local.address().toInt()));
        counters.set(ConductorGauge.UPLINK_QUEUES, device.ports().size());
    }
}
