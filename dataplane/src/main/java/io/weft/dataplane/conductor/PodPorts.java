package io.weft.dataplane.conductor;

import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.PortSpec;
import io.weft.nativebindings.netlink.Link;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Opens the pods' ports that the tables list once their devices exist, and closes ports that are no longer listed or whose devices are
 * gone. Reports the result of each attachment in the counters' port directory.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
final class PodPorts {
    private static final Logger LOG = System.getLogger(PodPorts.class.getName());
    private static final long RETRY_NANOS = 1_000_000_000;

    private final Devices devices;
    private final Function<String, Optional<Link>> links;
    private final ForwardingState state;
    private final ConntrackGc flows;
    private final ConductorCounters counters;
    private final WorkerPool workers;
    private final Map<Integer, PortSpec> wanted = new HashMap<>();
    private final Map<Integer, Open> open = new HashMap<>();
    private final Map<Integer, Failure> failed = new HashMap<>();

    private record Open(PortSpec spec, Device device) {
    }

    private record Failure(long atNanos, String reason) {
    }

    /** @param links finds a network interface of the node by name */
    PodPorts(Devices devices, Function<String, Optional<Link>> links, ForwardingState state, ConntrackGc flows,
        ConductorCounters counters, WorkerPool workers) {
        this.devices = devices;
        this.links = links;
        this.state = state;
        this.flows = flows;
        this.counters = counters;
        this.workers = workers;
    }

    /** Applies a change of the tables. */
    void setWanted(List<PortSpec> specs, LocalNode local) {
        Map<Integer, PortSpec> now = new HashMap<>();
        specs.forEach(spec -> now.put(spec.id(), spec));
        for (Open port : List.copyOf(open.values())) {
            PortSpec spec = now.get(port.spec.id());
            if (spec == null || isAnother(spec, port.spec)) {
                close(port);
            } else if (!spec.equals(port.spec)) {
                enterDirectory(spec, local);
                open.put(spec.id(), new Open(spec, port.device));
            }
        }
        for (int id : Set.copyOf(wanted.keySet())) {
            if (!now.containsKey(id)) {
                report(wanted.remove(id), PortState.GONE, null, "");
                failed.remove(id);
            }
        }
        now.forEach((id, spec) -> {
            PortSpec before = wanted.put(id, spec);
            if (!spec.equals(before) && !open.containsKey(id)) {
                failed.remove(id);
                report(spec, PortState.OPENING, null, "waiting for device " + spec.ifName());
            }
        });
        openMissing(local);
    }

    /** Closes ports whose device is gone, and opens ports whose device exists now. */
    void refresh(Set<Integer> removedLinks, LocalNode local) {
        for (Open port : lost(removedLinks)) {
            close(port);
            report(port.spec, PortState.GONE, null, "device " + port.spec.ifName() + " is gone");
        }
        openMissing(local);
    }

    private List<Open> lost(Set<Integer> removedLinks) {
        List<Open> lost = new ArrayList<>();
        for (Open port : open.values()) {
            if (removedLinks.contains(port.device.spec().ifindex()) || port.device.failure() != 0) {
                lost.add(port);
            }
        }
        return lost;
    }

    void readStatistics() {
        open.values().forEach(port -> port.device.readStatistics());
    }

    int count() {
        return open.size();
    }

    /** Reports all ports as gone when the dataplane stops. {@link Devices} closes their devices. */
    void reportAllGone() {
        wanted.values().forEach(spec -> report(spec, PortState.GONE, null, ""));
    }

    private void openMissing(LocalNode local) {
        if (open.size() == wanted.size()) { return; }
        for (PortSpec spec : wanted.values()) {
            if (!open.containsKey(spec.id())) {
                links.apply(spec.ifName()).filter(link -> isDue(spec, link))
                    .ifPresent(link -> open(spec, link, local));
            }
        }
    }

    private boolean isDue(PortSpec spec, Link link) {
        Failure failure = failed.get(spec.id());
        return link.isUp() && (failure == null || System.nanoTime() - failure.atNanos > RETRY_NANOS);
    }

    private void open(PortSpec spec, Link link, LocalNode local) {
        try {
            workers.memories().forEach(memory -> memory.counters().clearPort(spec.id()));
            enterDirectory(spec, local);
            Device device = devices
                .open(new Device.Spec(spec.id(), PortKind.POD, link.name(), link.index(), workers.count()));
            open.put(spec.id(), new Open(spec, device));
            failed.remove(spec.id());
            counters.add(ConductorGauge.PORTS_OPENED, 1);
            report(spec, PortState.UP, device, device.reason());
        } catch (RuntimeException e) {
            fail(spec, e);
        }
    }

    private void fail(PortSpec spec, RuntimeException e) {
        state.publish(state.ports().without(spec.id()));
        Failure before = failed.put(spec.id(), new Failure(System.nanoTime(), String.valueOf(e.getMessage())));
        if (before == null || !before.reason.equals(e.getMessage())) {
            LOG.log(Level.WARNING, "cannot open pod port {0} ({1}), trying again every second: {2}", spec.id(),
                spec.ifName(),
                e.getMessage());
        }
        report(spec, PortState.FAILED, null, String.valueOf(e.getMessage()));
    }

    private void close(Open port) {
        int id = port.spec.id();
        open.remove(id);
        state.publish(state.ports().without(id));
        devices.close(port.device);
        flows.endFlowsOf(id, System.nanoTime());
        counters.add(ConductorGauge.PORTS_CLOSED, 1);
        report(port.spec, PortState.GONE, null, "");
    }

    private void enterDirectory(PortSpec spec, LocalNode local) {
        state.publish(
            state.ports().with(spec.id(), PortKind.POD, spec.podIp().toInt(), spec.podMac(), local.vtepMac(),
                spec.mtu()));
    }

    /** MAC address and MTU may change within one attachment. Another attachment id, device or IP address means another pod. */
    private static boolean isAnother(PortSpec now, PortSpec before) {
        return now.attachId() != before.attachId() || !now.ifName().equals(before.ifName())
            || !now.podIp().equals(before.podIp());
    }

    private void report(PortSpec spec, PortState portState, Device device, String reason) {
        int queues = device == null ? 0 : device.ports().size();
        String mode = device == null ? "" : device.mode();
        int ifindex = device == null ? 0 : device.spec().ifindex();
        counters
            .port(new PortStatus(spec.id(), portState, spec.attachId(), spec.ifName(), ifindex, queues, mode, reason));
    }
}
