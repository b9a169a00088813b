package io.weft.dataplane.conductor;

import io.weft.dataplane.config.FlowRecordConfiguration;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.flowlog.FlowLog;
import io.weft.dataplane.forwarding.PortId;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FramePool;
import io.weft.dataplane.frame.Lanes;
import io.weft.dataplane.graph.ForwardingGraph;
import io.weft.dataplane.port.DeviceDriver;
import io.weft.dataplane.port.WorkerMemory;
import io.weft.dataplane.port.afxdp.AfXdpDriver;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.TablesSnapshot;
import io.weft.dataplane.table.TablesUpdate;
import io.weft.dataplane.warmup.WarmUp;
import io.weft.dataplane.worker.Epochs;
import io.weft.dataplane.worker.Worker;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.Capabilities;
import io.weft.nativebindings.linux.Capability;
import io.weft.nativebindings.linux.EventFd;
import io.weft.nativebindings.linux.FileErrors;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.netlink.Ethtool;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.SocketDiag;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * One node's dataplane, from taking its lock to releasing it. Creates everything in an order that never leaves a half-open node, runs the
 * {@link Conductor} until it is told to stop, and removes everything again.
 *
 * <p>Threads: {@link #run} on a thread of its own in the node's network namespace; {@link #stop} from any.
 */
public final class Dataplane {
    private static final Logger LOG = System.getLogger(Dataplane.class.getName());
    private static final int ADJACENCIES = 8192;
    private static final int CHUNKS = 1 << 16;
    private static final int SMALL_CHUNK = 2048;
    private static final int LARGE_CHUNK = 4096;
    /** Bytes of a chunk that the packet cannot use: headroom, Ethernet header and a VLAN tag. */
    private static final int CHUNK_OVERHEAD = FramePool.HEADROOM + 18;
    private static final int WAIT_MILLIS = 50;
    private static final int STOP_ENTRY = 0;

    private final NodeConfiguration configuration;
    private final EventFd stopSignal = new EventFd();
    private volatile boolean stopping;
    private volatile boolean ready;
    private volatile boolean forwarded;

    public Dataplane(NodeConfiguration configuration) {
        this.configuration = configuration;
    }

    /** Makes {@link #run} return. */
    public void stop() {
        stopping = true;
        stopSignal.signal();
    }

    /** Whether frames are forwarded. */
    public boolean isReady() { return ready; }

    /** Whether frames were ever forwarded: a failure after that is not a mistake in the set-up. */
    public boolean hasForwarded() {
        return forwarded;
    }

    /**
     * Runs until {@link #stop}.
     *
     * @throws RuntimeException with a one-line message if it cannot start or continue; everything that was created is removed by then
     */
    public void run() {
        requireCapabilities();
        try (Teardown teardown = new Teardown()) {
            RunDirectory runDirectory = RunDirectory.take(configuration.runDirectory());
            teardown.add("lock", runDirectory::close);
            Rtnetlink rtnetlink = Rtnetlink.open();
            teardown.add("rtnetlink", rtnetlink::close);
            Ethtool ethtool = Ethtool.open();
            teardown.add("ethtool", ethtool::close);
            Uplink uplink = new Uplink(rtnetlink, configuration.requireUplink());
            DeviceDriver driver = AfXdpDriver.open(configuration.xdpMode());
            teardown.add("device driver", driver::close);
            forward(runDirectory, rtnetlink, ethtool, uplink, driver, teardown);
        }
        LOG.log(Level.INFO, "stopped");
    }

    private void forward(RunDirectory runDirectory, Rtnetlink rtnetlink, Ethtool ethtool, Uplink uplink,
        DeviceDriver driver, Teardown teardown) {
        int workerCount = workerCount(uplink, driver);
        long incarnation = ThreadLocalRandom.current().nextLong() & Long.MAX_VALUE;
        runDirectory.removeUnfinished(CounterFile.NAME);
        CounterFile counters = CounterFile.create(runDirectory.path(),
            new CounterSizing(workerCount, PortId.COUNT, ADJACENCIES), incarnation);
        teardown.add("counters", counters::close);
        int maxFlows = configuration.flowCapacity() / 2;
        MappedMemory flowMemory = runDirectory.replaceFile("flows", FlowTable.sizeFor(maxFlows));
        teardown.add("flows", flowMemory::close);
        MappedMemory slots = MappedMemory.anonymous((long) ADJACENCIES * Adjacencies.SLOT_BYTES, true);
        teardown.add("adjacencies", slots::close);

        FlowTable flows = FlowTable.create(flowMemory.address(), flowMemory.size(), maxFlows, incarnation);
        SnatPorts snatPorts = new SnatPorts(driver.uplinkFilter().snatBitmaps(), configuration.snatPorts().toBitSet());
        ForwardingState state = new ForwardingState(new Adjacencies(slots.address(), ADJACENCIES, PeerSpec.MAX_PEERS));
        Epochs epochs = new Epochs(workerCount);
        TablesWatch tables = new TablesWatch(runDirectory.path(), state, epochs);
        teardown.add("tables", tables::close);
        Optional<TablesUpdate> found = awaitTables(tables, runDirectory);
        if (found.isEmpty()) { return; }
        TablesSnapshot first = found.get().tables();
        uplink.requireAddress(first.local().orElseThrow());
        LocalPortReservations localPorts = new LocalPortReservations(SocketDiag.open(), snatPorts,
            configuration.snatPorts(),
            configuration.overlay().port());
        teardown.add("local port reservations", localPorts::close);
        localPorts.requireOwnPorts();

        Optional<FlowLog> records = flowLog(runDirectory, workerCount, flows, snatPorts, incarnation);
        records.ifPresent(log -> teardown.add("flow records", log::close));
        ChunkLayout layout = chunkLayout(uplink, driver, first);
        int chunks = layout.chunksIn((long) CHUNKS * layout.chunkSize());
        WorkerPool workers = new WorkerPool(workerCount, chunks, layout, counters::worker,
            (index, memory) -> worker(index, memory, state, flows, snatPorts, epochs, records));
        teardown.add("workers", workers::close);
        workers.start();
        Conductor conductor = new Conductor(configuration, state, counters.conductor(), epochs, workers,
            new ConntrackGc(flows, snatPorts, state, epochs, counters.conductor(),
                records.map(FlowLog::conductor).orElse(null)),
            localPorts, tables, driver, rtnetlink, ethtool, uplink);
        teardown.add("conductor", conductor::close);
        conductor.openHostLink(first);
        if (!Lanes.areUsable()) {
            LOG.log(Level.WARNING, Lanes.lack());
        }
        boolean podsWait = !first.ports().isEmpty();
        if (!podsWait) {
            WarmUp.run(runDirectory.path(), layout, configuration.overlay(), AfXdpDriver::openSmall, () -> stopping);
        }
        conductor.openUplink();
        conductor.apply(found.get());
        if (podsWait) {
            BackgroundWarmUp warmUp = BackgroundWarmUp.start(runDirectory.path(), layout, configuration.overlay(),
                AfXdpDriver::openSmall);
            teardown.add("warm-up", warmUp::close);
        }
        LOG.log(Level.INFO, "forwarding: {0}", conductor);
        ready = true;
        forwarded = true;
        conductor.work(stopSignal, () -> stopping);
        ready = false;
    }

    private Optional<FlowLog> flowLog(RunDirectory runDirectory, int workerCount, FlowTable flows, SnatPorts snatPorts,
        long incarnation) {
        if (configuration.flowRecords().isOn()) {
            return Optional.of(FlowLog.create(runDirectory::replaceFile, workerCount, flows, snatPorts, incarnation,
                configuration.flowRecords().mode() == FlowRecordConfiguration.Mode.ALL));
        }
        try {
            FlowLog.remove(runDirectory.path());
        } catch (IOException e) {
            throw new SetupException("runDirectory: cannot delete the flow records of an earlier start: "
                + FileErrors.describe(e), e);
        }
        return Optional.empty();
    }

    private Worker worker(int index, WorkerMemory memory, ForwardingState state, FlowTable flows, SnatPorts snatPorts,
        Epochs epochs, Optional<FlowLog> records) {
        List<Integer> cpus = configuration.workerCpus();
        ForwardingGraph graph = new ForwardingGraph(state, flows, snatPorts, memory.counters(), memory.memory().pool(),
            records.map(log -> log.worker(index)).orElse(null));
        return new Worker(
            index, index < cpus.size() ? cpus.get(index) : -1, memory.counters(), state, epochs, graph,
            configuration.busyPoll());
    }

    private int workerCount(Uplink uplink, DeviceDriver driver) {
        int count = Math.min(configuration.workers(), driver.maxQueues(uplink.link().name()));
        if (count < configuration.workers()) {
            LOG.log(
                Level.WARNING,
                "running {0} workers instead of {1}, because device {2} has only that many queues",
                count,
                configuration.workers(),
                uplink.link().name());
        }
        return count;
    }

    /** The longest packet of the uplink and the pods decides the chunk size; the uplink's driver decides the layout. */
    private static ChunkLayout chunkLayout(Uplink uplink, DeviceDriver driver, TablesSnapshot tables) {
        int mtu = Math.max(uplink.link().mtu(), tables.local().orElseThrow().podMtu());
        int size = mtu + CHUNK_OVERHEAD <= SMALL_CHUNK ? SMALL_CHUNK : LARGE_CHUNK;
        return driver.chunkLayout(uplink.link().name(), size);
    }

    private Optional<TablesUpdate> awaitTables(TablesWatch tables, RunDirectory runDirectory) {
        Poll poll = new Poll(1);
        poll.set(STOP_ENTRY, stopSignal.fd(), Poll.POLLIN);
        Optional<TablesUpdate> update = tables.poll(System.nanoTime());
        if (update.isEmpty()) {
            LOG.log(Level.INFO, "waiting for the control plane''s tables in {0}", runDirectory.path());
        }
        while (update.isEmpty() && !stopping) {
            poll.poll(WAIT_MILLIS);
            update = tables.poll(System.nanoTime());
        }
        return update;
    }

    private static void requireCapabilities() {
        List<Capability> missing = Capabilities.missing(Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW,
            Capability.CAP_BPF);
        if (!missing.isEmpty()) {
            throw new SetupException(
                "the dataplane needs the capabilities CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF; missing: " + missing
                    + ". Run it as root, or grant it these capabilities");
        }
    }
}
