package io.weft.dataplane.worker;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.port.DropObserver;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.nativebindings.linux.EventFd;
import io.weft.nativebindings.linux.Poll;
import io.weft.nativebindings.linux.Prctl;
import io.weft.nativebindings.linux.ThreadAffinity;
import io.weft.nativebindings.linux.ThreadScheduling;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One forwarding thread: receives from its ports, runs the graph a batch at a time, and flushes the ports. It owns queue {@code index} of
 * every port and all memory of its frames; no frame moves to another worker.
 *
 * <p>An exception does not end it. One that the graph survives costs a frame; one of a port costs what the port says ({@link Port}), and the worker goes on with
 * the next port; any other costs the iteration. All are counted in {@link #faults}. Only an
 * error that leaves nothing to go on with, such as a stack overflow, ends a worker.
 *
 * <p>Threads: {@link #run} is the worker; the conductor calls the other public methods. Allocation: none in {@link #run} after its start, unless something is
 * thrown.
 */
public final class Worker implements Runnable {
    private static final int SLEEP_MILLIS = 1000;
    private static final int SLEEP_WITH_UNSENT_MILLIS = 1;
    private static final int SLEEP_WITH_FRESH_MILLIS = 1;
    private static final int SLEEP_WITH_HELD_MILLIS = 100;
    private static final long FRESH_NANOS = 500_000_000;
    private static final int WAKE_ENTRY = 0;
    /**
     * At this priority, nine threads of normal weight leave a worker half of a processor. Its time slice is the shortest that the kernel
     * accepts, so a worker that wakes up for a frame runs at once, not when the running thread's slice ends (milliseconds).
     */
    private static final int NICE = -10;
    private static final long SLICE_NANOS = 100_000;

    private final int index;
    private final int cpu;
    private final WorkerCounters counters;
    private final ForwardingState state;
    private final Epochs epochs;
    private final BatchProcessor graph;
    private final Faults faults;
    private final FaultPause faultPause = new FaultPause();
    private final IdleStrategy idle;
    private final FrameBatch batch = new FrameBatch();
    private final EventFd wake = new EventFd();

    private WorkerPorts ports;
    /** The graph, or what is assigned to stand before it. */
    private BatchProcessor processor;
    /** Index of the open port whose turn it is to receive or to be flushed. */
    private int turn;
    private int received;
    private long publishedGeneration = WorkerCounters.ASLEEP;

    // Conductor to worker: an immutable object; the volatile store publishes what it refers to.
    private volatile WorkerPorts assigned = WorkerPorts.none();
    // Worker to conductor: set after a whole iteration with this version, so nothing of an earlier one is in use.
    private volatile long adoptedVersion;
    // Worker to conductor, which tells a stalled worker from a sleeping one by these; no other data depends on them.
    private final AtomicLong iterations = new AtomicLong();
    private volatile boolean sleeping;
    private volatile boolean stopping;
    private volatile Throwable failure;
    private volatile boolean ended;

    /** @param cpu to run on, or -1 for any */
    public Worker(int index, int cpu, WorkerCounters counters, ForwardingState state, Epochs epochs,
        BatchProcessor graph, boolean busyPoll) {
        this.index = index;
        this.cpu = cpu;
        this.counters = counters;
        this.state = state;
        this.epochs = epochs;
        this.graph = graph;
        processor = graph;
        faults = graph.faults();
        idle = new IdleStrategy(busyPoll);
    }

    // -- conductor ---------------------------------------------------------------------------------------------------

    /**
     * Assigns the worker its ports.
     *
     * @param closed ports of the last assignment that were closed since; the worker reclaims their chunks
     * @return the version, for {@link #hasAdopted}
     */
    public long assign(List<Port> open, List<Port> closed) {
        return assign(open, closed, null, null);
    }

    /**
     * Like {@link #assign(List, List)}.
     *
     * @param drops is told about dropped frames; null for nobody
     * @param newProcessor processes the batches by means of the {@link #graph}; null for the graph itself
     */
    public long assign(List<Port> open, List<Port> closed, DropObserver drops, BatchProcessor newProcessor) {
        WorkerPorts next = assigned.next(open, closed, drops, newProcessor);
        assigned = next;
        wake.signal();
        return next.version;
    }

    /** Whether the worker has run a whole iteration with this version. */
    public boolean hasAdopted(long version) {
        return adoptedVersion >= version;
    }

    public int index() {
        return index;
    }

    /** What finishes frames. Only the worker may call it. */
    public BatchProcessor graph() {
        return graph;
    }

    /** Ends {@link #run} after the current iteration. */
    public void stop() {
        stopping = true;
        wake.signal();
    }

    /** Whether {@link #run} has ended, for any reason. */
    public boolean hasEnded() {
        return ended;
    }

    /** The exceptions that the worker has survived. Any thread. */
    public Faults faults() {
        return faults;
    }

    /** What ended the worker, or null. */
    public Throwable failure() {
        return failure;
    }

    /** Loop iterations that came to their end: those that an exception ended are none. */
    public long iterations() {
        return iterations.getOpaque();
    }

    /** Closes the wake-up descriptor of a worker that has ended. */
    public void close() {
        wake.close();
    }

    /** A sleeping worker starts no iterations. */
    public boolean isSleeping() { return sleeping; }

    // -- worker ------------------------------------------------------------------------------------------------------

    @Override
    public void run() {
        try {
            Prctl.setName("weft-worker-" + index);
            if (cpu >= 0) {
                ThreadAffinity.pin(cpu);
            }
            ThreadScheduling.setPriority(NICE, SLICE_NANOS); // refused without CAP_SYS_NICE: `weft doctor` says so
            while (!stopping) {
                iterateUntilFault();
            }
        } catch (Throwable e) {
            failure = e;
        } finally {
            counters.epoch(WorkerCounters.ASLEEP);
            epochs.sleep(index);
            ended = true;
        }
    }

    private void iterateUntilFault() {
        try {
            while (!stopping) {
                iterate();
            }
        } catch (RuntimeException | AssertionError | InternalError e) {
            sleeping = false;
            survived(e);
        }
    }

    private void iterate() {
        long now = System.nanoTime();
        counters.heartbeat(now);
        enterEpoch();
        WorkerPorts present = assigned;
        if (ports == null || present.version != ports.version) {
            adopt(present);
        }
        boolean busy = forward(now);
        if (adoptedVersion != present.version) {
            adoptedVersion = present.version;
        }
        iterations.setOpaque(iterations.getPlain() + 1);
        if (busy) {
            idle.reset();
        } else if (idle.waitOrSleep(now, ports.pollOnly)) {
            sleep();
        }
    }

    /** From here on the worker uses the tables of at least this generation. */
    private void enterEpoch() {
        epochs.enter(index);
        ForwardingTables tables = state.tables();
        long generation = tables == null ? 0 : tables.generation();
        if (generation != publishedGeneration) {
            counters.epoch(generation);
            publishedGeneration = generation;
        }
    }

    private void survived(Throwable fault) {
        faults.add(fault);
        faultPause.pause();
    }

    private void adopt(WorkerPorts next) {
        turn = 0;
        while (turn < next.closed.length) {
            reclaim(next.closed);
        }
        graph.use(next.byId);
        graph.observe(next.drops);
        processor = next.processor == null ? graph : next.processor;
        Poll poll = next.poll;
        for (int entry = 0; entry < poll.capacity(); entry++) {
            poll.clear(entry);
        }
        poll.set(WAKE_ENTRY, wake.fd(), Poll.POLLIN);
        for (int i = 0; i < next.open.length; i++) {
            poll.set(WAKE_ENTRY + 1 + i, next.descriptors[i], Poll.POLLIN);
        }
        ports = next;
    }

    private boolean forward(long now) {
        Port[] open = ports.open;
        received = 0;
        turn = 0;
        while (turn < open.length) {
            receive(open, now);
        }
        process(now);
        boolean busy = graph.resume(batch, now) || received > 0;
        turn = 0;
        while (turn < open.length) {
            flush(open);
        }
        return busy;
    }

    // Each of these continues with the port whose turn it is. An exception ends the call, and the turn is then the next port's.

    private void receive(Port[] open, long now) {
        try {
            while (turn < open.length) {
                received += open[turn++].receive(batch);
                if (batch.room() == 0) {
                    process(now);
                }
            }
        } catch (RuntimeException | AssertionError | InternalError e) {
            survived(e);
        }
    }

    private void flush(Port[] open) {
        try {
            while (turn < open.length) {
                open[turn++].flush();
            }
        } catch (RuntimeException | AssertionError | InternalError e) {
            survived(e);
        }
    }

    private void reclaim(Port[] closed) {
        try {
            while (turn < closed.length) {
                closed[turn++].reclaim();
            }
        } catch (RuntimeException | AssertionError | InternalError e) {
            survived(e);
        }
    }

    private void process(long now) {
        if (batch.size > 0) {
            try {
                processor.process(batch, now);
            } finally {
                batch.clear(); // also if the graph throws, which it must not: what has become of the frames is not known
            }
        }
    }

    private void sleep() {
        int millis = hasUnsent() ? SLEEP_WITH_UNSENT_MILLIS : sleepMillis();
        sleeping = true;
        counters.epoch(WorkerCounters.ASLEEP);
        publishedGeneration = WorkerCounters.ASLEEP;
        epochs.sleep(index);
        ports.poll.poll(millis);
        sleeping = false;
        if (ports.poll.ready(WAKE_ENTRY) != 0) {
            wake.drain();
        }
    }

    /** What a held frame waits for happens on another worker or in the conductor, and neither wakes this worker. Usually it happens soon. */
    private int sleepMillis() {
        if (graph.held() == 0) { return SLEEP_MILLIS; }
        return System.nanoTime() - graph.newestHeldNanos() < FRESH_NANOS ? SLEEP_WITH_FRESH_MILLIS
            : SLEEP_WITH_HELD_MILLIS;
    }

    private boolean hasUnsent() {
        for (Port port : ports.open) {
            if (port.hasUnsent()) { return true; }
        }
        return false;
    }
}
