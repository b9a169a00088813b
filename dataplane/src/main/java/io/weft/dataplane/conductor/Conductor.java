package io.weft.dataplane.conductor;

import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.counters.ConductorCounters;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.ConductorText;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.DeviceDriver;
import io.weft.dataplane.port.UplinkFilter;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.state.LocalAddresses;
import io.weft.dataplane.state.PortDirectory;
import io.weft.dataplane.state.UnderlayRoutes;
import io.weft.dataplane.steering.ReplySteering;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.TablesSnapshot;
import io.weft.dataplane.table.TablesUpdate;
import io.weft.dataplane.worker.Epochs;
import io.weft.nativebindings.linux.EventFd;
import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.linux.ThreadScheduling;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Keeps the state that the workers read in line with the tables and the kernel: ports, next hops, addresses, routes. It also ends flows,
 * updates counters and checks that the workers run. It works in passes; no frame waits for one.
 *
 * <p>Thread: one, in the node's network namespace. Cold code.
 */
final class Conductor implements AutoCloseable {
    private static final int PASS_MILLIS = 20;
    /** Pause between two pieces of a revalidation pass, in which the workers have the processor; and while changes follow each other. */
    private static final int BUSY_PASS_MILLIS = 1;
    /** Changes of the tables come in bursts: for this long after one the next is looked for in short passes. */
    private static final long BURST_NANOS = 100_000_000;
    private static final long ROUND_NANOS = 100_000_000;
    private static final long SECOND_NANOS = 1_000_000_000;
    /** Interval at which ports that processes have bound are excluded from masquerading. */
    private static final long LOCAL_PORTS_NANOS = 250_000_000;
    /**
     * On a busy machine changes must not wait until the pods' processes let this thread run: at this priority it gets three times the share of a
     * normal thread. Workers stay ahead of it.
     */
    private static final int NICE = -5;
    private static final long SLICE_NANOS = 1_000_000;
    private static final int CHANGES_ENTRY = 0;
    private static final int STOP_ENTRY = 1;

    private final ForwardingState state;
    private final ConductorCounters counters;
    private final Epochs epochs;
    private final WorkerPool workers;
    private final FaultReport faultReport;
    private final DeviceReport deviceReport;
    private final ProcessReport processReport;
    private final ConntrackGc flows;
    private final LocalPortReservations localPorts;
    private final TablesWatch tables;
    private final UplinkFilter uplinkFilter;
    private final Underlay underlay;
    private final NextHops nextHops;
    private final UplinkFrontends frontends;
    private final HostLink hostLink;
    private final HostRouting hostRouting;
    private final HostFrontendWatch hostFrontends;
    private final Devices devices;
    private Optional<ReplySteering> replySteering = Optional.empty();
    private final List<ObservationRequest> observations;
    private final PodPorts pods;
    private final Revalidation revalidation;
    private LocalNode local;
    private long latestGeneration;
    private long appliedGeneration = -1;
    private int longestPacket;
    private Link uplinkLink;
    private Device uplinkDevice;
    private Device hostDevice;
    private long lastChange = System.nanoTime();
    private long lastRound;
    private long lastLocalPorts;
    private long lastSecond;

    Conductor(NodeConfiguration configuration, ForwardingState state, ConductorCounters counters, Epochs epochs,
        WorkerPool workers,
        ConntrackGc flows, LocalPortReservations localPorts, TablesWatch tables, DeviceDriver driver,
        Rtnetlink rtnetlink,
        Ethtool ethtool, Uplink uplink) {
        this.state = state;
        this.counters = counters;
        this.epochs = epochs;
        this.workers = workers;
        faultReport = new FaultReport(workers.faults(), counters);
        deviceReport = new DeviceReport(counters);
        processReport = new ProcessReport(counters, workers.threadIds());
        this.flows = flows;
        this.localPorts = localPorts;
        this.tables = tables;
        uplinkFilter = driver.uplinkFilter();
        uplinkLink = uplink.link();
        hostRouting = new HostRouting(rtnetlink);
        hostFrontends = new HostFrontendWatch(state, hostRouting, configuration.nodePortRange());
        underlay = new Underlay(rtnetlink, state, uplinkLink.index(), hostRouting);
        nextHops = new NextHops(state, underlay, counters, uplinkLink.index(), flows);
        frontends = new UplinkFrontends(state, uplinkFilter, flows::scans);
        flows.observe(frontends);
        revalidation = new Revalidation(flows, nextHops, epochs);
        hostLink = new HostLink(rtnetlink, ethtool);
        devices = new Devices(driver, workers);
        observations = Observations.requests(configuration.runDirectory(), devices, workers);
        pods = new PodPorts(devices, underlay::link, state, flows, counters, workers);
        counters.set(ConductorText.NODE_NAME, configuration.nodeName());
        counters.set(ConductorGauge.UPLINK_FRONTENDS_MAX, uplinkFilter.maxFrontends());
        counters.set(ConductorGauge.WORKERS, workers.count());
        counters.set(ConductorGauge.CHUNKS, workers.chunks());
    }

    // -- start -------------------------------------------------------------------------------------------------------

    /** Creates weft-host and binds it without letting frames in. It must be the first device. */
    void openHostLink(TablesSnapshot first) {
        Link workerSide = hostLink.open(workers.count(), first.local().orElseThrow().hostMtu(uplinkLink.mtu()));
        hostDevice = devices
            .bind(new Device.Spec(PortId.HOST, PortKind.HOST, workerSide.name(), workerSide.index(),
                workers.count()));
        longestPacket = workers.memories().getFirst().memory()
            .longestPacket(hostDevice.ports().getFirst().maxSegments());
        counters.set(ConductorGauge.LONGEST_PACKET, longestPacket);
        configure(first.local().orElseThrow());
    }

    /** Attaches weft-host and opens the uplink: from now on frames arrive. */
    void openUplink() {
        localPorts.refresh();
        localPorts.block();
        underlay.follow();
        replySteering = ReplySteering.open(hostLink.path(local).ifindex(), uplinkLink.index(), local.vtepMac(),
            hostLink.mac());
        state.setSteeringReplies(replySteering.isPresent());
        hostDevice.attach();
        uplinkDevice = devices
            .open(new Device.Spec(PortId.UPLINK, PortKind.UPLINK, uplinkLink.name(), uplinkLink.index(),
                workers.count()));
        deviceReport.up(hostDevice);
        deviceReport.up(uplinkDevice);
        deviceReport.uplink(uplinkLink, uplinkDevice, local);
    }

    // -- work --------------------------------------------------------------------------------------------------------

    /**
     * Runs passes until {@code stopping} is true.
     *
     * @throws SetupException if it cannot continue
     */
    void work(EventFd stopSignal, BooleanSupplier stopping) {
        ThreadScheduling.setPriority(NICE, SLICE_NANOS); // refused without CAP_SYS_NICE: `weft doctor` says so
        Poll poll = new Poll(2);
        poll.set(CHANGES_ENTRY, underlay.descriptor(), Poll.POLLIN);
        poll.set(STOP_ENTRY, stopSignal.fd(), Poll.POLLIN);
        boolean changes = true;
        while (!stopping.getAsBoolean()) {
            pass(System.nanoTime(), changes);
            poll.poll(restMillis());
            changes = poll.ready(CHANGES_ENTRY) != 0;
        }
    }

    private int restMillis() {
        if (revalidation.isSearching()) { return 0; } // endpoints that are gone get datagrams until it ends
        return isBusy() ? BUSY_PASS_MILLIS : PASS_MILLIS;
    }

    private boolean isBusy() {
        return revalidation.isBusy() || !frontends.isCurrent() || System.nanoTime() - lastChange < BURST_NANOS;
    }

    /**
     * Does what must not wait in every pass: changes of the kernel and the tables, requests and health of the workers. The rest runs at
     * intervals.
     */
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
        frontends.pass(now);
        reportApplied();
        flows.scan(now); // in every pass, so that its share of each is small: changes wait for it
        if (now - lastRound >= ROUND_NANOS) {
            lastRound = now;
            changePods(() -> pods.refresh(Set.of(), local));
            observations.forEach(request -> request.pass(now, local.overlay()));
            hostFrontends.pass(local, () -> hostLink.path(local.withLongestPacket(longestPacket)));
        }
        if (now - lastLocalPorts >= LOCAL_PORTS_NANOS) {
            lastLocalPorts = now;
            if (localPorts.block()) {
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
        if (!addresses.equals(state.localAddresses())) {
            frontends.addressesChanged();
            hostFrontends.addressesChanged();
        }
        if (!routes.equals(state.underlayRoutes()) || !addresses.equals(state.localAddresses())) {
            revalidation.kernelChanged();
        }
    }

    /** Applies a change of the tables. */
    void apply(TablesUpdate update) {
        TablesSnapshot now = update.tables();
        LocalNode next = now.local().orElseThrow();
        if (!next.equals(local)) {
            configure(next);
        }
        revalidation.tablesChanged(update);
        frontends.tablesChanged(update);
        hostFrontends.tablesChanged(update, next);
        if (update.portsChanged()) {
            changePods(() -> pods.setWanted(now.ports(), local));
        }
        latestGeneration = now.generation();
        lastChange = System.nanoTime();
    }

    /** A generation is applied when the uplink's filter follows it, too: only then do clients outside reach all of its frontends. */
    private void reportApplied() {
        if (frontends.isCurrent() && latestGeneration != appliedGeneration) {
            appliedGeneration = latestGeneration;
            countFrontends();
            counters.set(ConductorGauge.TABLES_INCARNATION, tables.incarnation());
            counters.set(ConductorGauge.APPLIED_GENERATION, appliedGeneration);
        }
    }

    private void countFrontends() {
        counters.set(ConductorGauge.UPLINK_FRONTENDS, frontends.size());
        counters.set(ConductorGauge.UPLINK_FRONTENDS_LEFT_OUT, frontends.leftOut());
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
        replySteering.ifPresent(steering -> steering.setMacs(next.vtepMac(), hostLink.mac()));
        uplinkFilter.setTarget(next.address().toInt(), next.overlay().encapsulation().protocol(),
            next.overlay().port());
        frontends.configure(next);
        state.publish(state.ports()
            .with(PortId.HOST, PortKind.HOST, 0, hostLink.mac(), next.vtepMac(), next.hostMtu(uplinkLink.mtu()))
            .with(PortId.UPLINK, PortKind.UPLINK, 0, 0, uplinkLink.mac(), uplinkLink.mtu()));
    }

    /** Applies a change of the uplink's MAC address or MTU. */
    private void followUplink() {
        Link now = underlay.link(uplinkLink.index()).orElse(uplinkLink);
        if (now.mac() != uplinkLink.mac() || now.mtu() != uplinkLink.mtu()) {
            uplinkLink = now;
            configure(local);
            deviceReport.uplink(uplinkLink, uplinkDevice, local);
        }
    }

    private void requireDevices(Set<Integer> removed) {
        if (removed.contains(uplinkLink.index())) {
            throw new SetupException(
                "uplink: device " + uplinkLink.name() + " is gone; start the dataplane again when it is back");
        }
        if (removed.contains(hostDevice.spec().ifindex())) {
            throw new SetupException(
                "device " + HostLink.KERNEL_SIDE
                    + " was deleted, but Weft needs it; start the dataplane again, and find out what deletes it");
        }
    }

    private void fail(String fault) {
        counters.set(ConductorText.FAULT, fault);
        throw new SetupException(fault);
    }

    private void everySecond() {
        localPorts.refresh();
        nextHops.freeUnused(epochs);
        pods.readStatistics();
        hostDevice.readStatistics();
        uplinkDevice.readStatistics();
        counters.set(ConductorGauge.NETLINK_OVERRUNS, underlay.overruns());
        countFrontends();
        counters.set(ConductorGauge.CHUNKS_FREE, workers.freeChunks());
        counters.set(ConductorGauge.CHUNKS_HELD, devices.heldChunks());
        processReport.refresh();
        String fault = faultReport.refresh();
        counters.set(ConductorText.FAULT, Stream.of(tables.complaint(), fault, hostRouting.complaint())
            .filter(each -> !each.isEmpty()).findFirst().orElse(""));
    }

    // -- end ---------------------------------------------------------------------------------------------------------

    /** Returns the frames to the kernel and removes what {@link #openHostLink} and {@link #openUplink} created on the node. */
    @Override
    public void close() {
        try (Teardown teardown = new Teardown()) {
            teardown.add("neighbours", underlay::close);
            teardown.add(HostLink.KERNEL_SIDE, hostLink::remove);
            teardown.add("devices", devices::closeAll);
            teardown.add("ports", this::reportGone);
            teardown.add("rules", hostRouting::close);
            teardown.add("reply steering", () -> replySteering.ifPresent(ReplySteering::close));
            teardown.add("observations", () -> observations.forEach(ObservationRequest::close));
        }
    }

    private void reportGone() {
        pods.reportAllGone();
        deviceReport.gone(PortId.HOST);
        deviceReport.gone(PortId.UPLINK);
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
