package io.weft.dataplane.conductor;

import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.ConductorText;
import io.weft.dataplane.counters.PortState;
import io.weft.dataplane.counters.PortStatus;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.DeviceDriver;
import io.weft.dataplane.port.UplinkFilter;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.LocalAddresses;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.TablesSnapshot;
import io.weft.dataplane.table.TablesUpdate;
import io.weft.dataplane.worker.Epochs;
import io.weft.nativebindings.linux.EventFd;
import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Keeps what the workers read as the tables and the kernel want it: ports, next hops, addresses, routes; ends flows; counts; and sees to it
 * that the workers work. One pass after another, none of which a frame waits for.
 *
 * <p>Thread: one, in the node's network namespace. Cold code.
 */
final class Conductor implements AutoCloseable {
    private static final int PASS_MILLIS = 20;
    /** Between two pieces of a pass through the flow table: the processor is the workers' meanwhile. */
    private static final int BUSY_PASS_MILLIS = 1;
    private static final long ROUND_NANOS = 100_000_000;
    private static final long SECOND_NANOS = 1_000_000_000;
    /** How soon a port that a process takes is kept out of masquerading. */
    private static final long NODE_PORTS_NANOS = 250_000_000;
    private static final int CHANGES_ENTRY = 0;
    private static final int STOP_ENTRY = 1;

    private final ForwardingState state;
    private final ConductorCounters counters;
    private final Epochs epochs;
    private final WorkerPool workers;
    private final FaultReport faultReport;
    private final ConntrackGc flows;
    private final LocalPortReservations nodePorts;
    private final TablesWatch tables;
    private final UplinkFilter uplinkFilter;
    private final Underlay underlay;
    private final NextHops nextHops;
    private final HostLink hostLink;
    private final Devices devices;
    private final PodPorts pods;
    private final Revalidation revalidation;
    private LocalNode local;
    private int longestPacket;
    private Link uplinkLink;
    private Device uplinkDevice;
    private Device hostDevice;
    private long lastRound;
    private long lastNodePorts;
    private long lastSecond;

    Conductor(NodeConfiguration configuration, ForwardingState state, ConductorCounters counters, Epochs epochs,
        WorkerPool workers,
        ConntrackGc flows, LocalPortReservations nodePorts, TablesWatch tables, DeviceDriver driver,
        Rtnetlink rtnetlink,
        Ethtool ethtool, Uplink uplink) {
        this.state = state;
        this.counters = counters;
        this.epochs = epochs;
        this.workers = workers;
        faultReport = new FaultReport(workers.faults(), counters);
        this.flows = flows;
        this.nodePorts = nodePorts;
        this.tables = tables;
        uplinkFilter = driver.uplinkFilter();
        uplinkLink = uplink.link();
        underlay = new Underlay(rtnetlink, state, uplinkLink.index());
        nextHops = new NextHops(state, underlay, counters, uplinkLink.index());
        revalidation = new Revalidation(flows, nextHops, epochs);
        hostLink = new HostLink(rtnetlink, ethtool);
        devices = new Devices(driver, workers);
        pods = new PodPorts(devices, underlay::link, state, flows, counters, workers);
        counters.set(ConductorText.NODE_NAME, configuration.nodeName());
        counters.set(ConductorGauge.WORKERS, workers.count());
    }

    // -- start -------------------------------------------------------------------------------------------------------

    /** Makes weft-host and binds it, first of all devices, without letting frames in. */
    void openHostLink(TablesSnapshot first) {
        Link workerSide = hostLink.open(workers.count(), hostMtu(first.local().orElseThrow()));
        hostDevice = devices
            .bind(new Device.Spec(PortId.HOST, PortKind.HOST, workerSide.name(), workerSide.index(),
                workers.count()));
        longestPacket = workers.memories().getFirst().memory()
            .longestPacket(hostDevice.ports().getFirst().maxSegments());
        counters.set(ConductorGauge.LONGEST_PACKET, longestPacket);
        configure(first.local().orElseThrow());
    }

    /** Lets frames of the node and of the uplink in. */
    void openUplink() {
        nodePorts.refresh();
        nodePorts.block();
        underlay.follow();
        hostDevice.attach();
        uplinkDevice = devices
            .open(new Device.Spec(PortId.UPLINK, PortKind.UPLINK, uplinkLink.name(), uplinkLink.index(),
                workers.count()));
        reportDevice(hostDevice);
        reportDevice(uplinkDevice);
        reportUplink();
    }

    // -- work --------------------------------------------------------------------------------------------------------

    /** Works until told to stop. @throws SetupException when it cannot go on */
    void work(EventFd stopSignal, BooleanSupplier stopping) {
        Poll poll = new Poll(2);
        poll.set(CHANGES_ENTRY, underlay.descriptor(), Poll.POLLIN);
        poll.set(STOP_ENTRY, stopSignal.fd(), Poll.POLLIN);
        boolean changes = true;
        while (!stopping.getAsBoolean()) {
            pass(System.nanoTime(), changes);
            poll.poll(revalidation.isBusy() ? BUSY_PASS_MILLIS : PASS_MILLIS);
            changes = poll.ready(CHANGES_ENTRY) != 0;
        }
    }

    /** What may not wait: the kernel's changes, the tables', the workers' requests and health. The rest is done every few passes. */
    private void pass(long now, boolean changes) {
        counters.set(ConductorGauge.HEARTBEAT, now);
        epochs.advance();
        workers.fault().ifPresent(this::fail);
        if (changes) {
            followUnderlay();
        }
        tables.poll(now).ifPresent(this::apply);
        if (nextHops.serveRequests(local)) {
            revalidation.nextHopAdded();
        }
        revalidation.pass(now);
        if (now - lastRound >= ROUND_NANOS) {
            lastRound = now;
            changePods(() -> pods.refresh(Set.of(), local));
            flows.scan(now);
        }
        if (now - lastNodePorts >= NODE_PORTS_NANOS) {
            lastNodePorts = now;
            if (nodePorts.block()) {
                counters.add(ConductorGauge.SOCKET_SCANS, 1);
            }
        }
        if (now - lastSecond >= SECOND_NANOS) {
            lastSecond = now;
            everySecond();
        }
    }

    private void followUnderlay() {
        UnderlayRoutes routes = state.underlayRoutes();
        LocalAddresses addresses = state.localAddresses();
        boolean changed = underlay.follow();
        Set<Integer> removed = underlay.takeRemovedLinks();
        requireDevices(removed);
        if (changed) {
            followUplink();
            nextHops.refresh(local);
            changePods(() -> pods.refresh(removed, local));
        }
        if (!routes.equals(state.underlayRoutes()) || !addresses.equals(state.localAddresses())) {
            revalidation.kernelChanged();
        }
    }

    /** Takes what is new in the tables into force. */
    void apply(TablesUpdate update) {
        TablesSnapshot now = update.tables();
        LocalNode next = now.local().orElseThrow();
        if (!next.equals(local)) {
            configure(next);
        }
        revalidation.tablesChanged(update);
        if (update.portsChanged()) {
            changePods(() -> pods.setWanted(now.ports(), local));
        }
        counters.set(ConductorGauge.TABLES_INCARNATION, tables.incarnation());
        counters.set(ConductorGauge.APPLIED_GENERATION, now.generation());
    }

    private void changePods(Runnable change) {
        PortDirectory before = state.ports();
        change.run();
        revalidation.portsChanged(before, state.ports());
    }

    private void configure(LocalNode wanted) {
        LocalNode next = wanted.withLongestPacket(longestPacket);
        local = wanted;
        hostLink.configure(next);
        uplinkFilter.setTarget(next.address().toInt(), next.overlayPort());
        state.publish(state.ports()
            .with(PortId.HOST, PortKind.HOST, 0, hostLink.mac(), next.vtepMac(), hostMtu(next))
            .with(PortId.UPLINK, PortKind.UPLINK, 0, 0, uplinkLink.mac(), uplinkLink.mtu()));
    }

    private int hostMtu(LocalNode node) {
        return Math.max(uplinkLink.mtu(), node.podMtu());
    }

    /** The uplink's MAC address or MTU may have changed. */
    private void followUplink() {
        Link now = underlay.link(uplinkLink.index()).orElse(uplinkLink);
        if (now.mac() != uplinkLink.mac() || now.mtu() != uplinkLink.mtu()) {
            uplinkLink = now;
            configure(local);
            reportUplink();
        }
    }

    private void requireDevices(Set<Integer> removed) {
        if (removed.contains(uplinkLink.index())) {
            throw new SetupException("uplink: device " + uplinkLink.name() + " is gone; start again when it is back");
        }
        if (removed.contains(hostDevice.spec().ifindex())) {
            throw new SetupException(
                "device " + HostLink.KERNEL_SIDE + " was deleted; start again, and see who deletes it");
        }
    }

    private void fail(String fault) {
        counters.set(ConductorText.FAULT, fault);
        throw new SetupException(fault);
    }

    private void everySecond() {
        nodePorts.refresh();
        pods.readStatistics();
        hostDevice.readStatistics();
        uplinkDevice.readStatistics();
        counters.set(ConductorGauge.NETLINK_OVERRUNS, underlay.overruns());
        String fault = faultReport.refresh();
        counters.set(ConductorText.FAULT, tables.complaint().isEmpty() ? fault : tables.complaint());
    }

    private void reportDevice(Device device) {
        Device.Spec spec = device.spec();
        counters.port(new PortStatus(
            spec.portId(), PortState.UP, 0, spec.name(), spec.ifindex(), device.ports().size(), device.mode(),
            device.reason()));
    }

    private void reportUplink() {
        counters.set(ConductorText.UPLINK_NAME, uplinkLink.name());
        counters.set(ConductorText.UPLINK_MODE, uplinkDevice.mode());
        counters.set(ConductorText.UPLINK_REASON, uplinkDevice.reason());
        counters.set(ConductorGauge.UPLINK_IFINDEX, uplinkLink.index());
        counters.set(ConductorGauge.UPLINK_MTU, uplinkLink.mtu());
        counters.set(ConductorGauge.UPLINK_IP, Integer.toUnsignedLong(local.address().toInt()));
        counters.set(ConductorGauge.UPLINK_QUEUES, uplinkDevice.ports().size());
    }

    // -- end ---------------------------------------------------------------------------------------------------------

    /** Lets frames go to the kernel again and takes back what was made on the node. */
    @Override
    public void close() {
        try (Teardown teardown = new Teardown()) {
            teardown.add("neighbours", underlay::close);
            teardown.add(HostLink.KERNEL_SIDE, hostLink::remove);
            teardown.add("devices", devices::closeAll);
            teardown.add("ports", this::reportGone);
        }
    }

    private void reportGone() {
        pods.reportAllGone();
        for (int id : new int[]{PortId.HOST, PortId.UPLINK}) {
            counters.port(new PortStatus(id, PortState.GONE, 0, "", 0, 0, "", ""));
        }
        counters.set(ConductorGauge.HEARTBEAT, 0);
    }

    @Override
    public String toString() {
        return "node " + local.address() + " on " + uplinkLink.name() + " ("
            + uplinkDevice.mode()
            + (uplinkDevice.reason().isEmpty() ? "" : "; " + uplinkDevice.reason()) + "), " + workers.count()
            + " worker"
            + (workers.count() == 1 ? "" : "s") + ", " + pods.count() + " pods";
    }
}
