package io.weft.dataplane.conductor;

import io.weft.dataplane.capture.Observation;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.DropObserver;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.port.WorkerMemory;
import io.weft.dataplane.worker.BatchProcessor;
import io.weft.dataplane.worker.Faults;
import io.weft.dataplane.worker.Worker;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * The workers with their memory and threads. {@link #assign} changes their ports and returns when all of them use the new ones.
 *
 * <p>Thread: the conductor.
 */
final class WorkerPool implements AutoCloseable {
    /** A worker that is awake and has come to the end of no iteration over this many checks counts as stalled: two seconds. */
    private static final int STALLED_LOOKS = 100;
    private static final long LOOK_NANOS = 20_000_000;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long PAUSE_NANOS = 20_000;

    private final List<Worker> workers = new ArrayList<>();
    private final List<WorkerMemory> memories = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final long[] lastIterations;
    private final int[] looksWithoutTurn;
    private long lastLook;
    /** Empty while no command looks at frames. */
    private final List<Observation> observations = new ArrayList<>();

    /** Creates one worker. */
    interface Factory {
        Worker make(int index, WorkerMemory memory);
    }

    WorkerPool(int count, int chunks, ChunkLayout layout, Function<Integer, WorkerCounters> counters, Factory factory) {
        lastIterations = new long[count];
        looksWithoutTurn = new int[count];
        for (int i = 0; i < count; i++) {
            memories.add(new WorkerMemory(FrameMemory.allocate(chunks, layout), counters.apply(i)));
            workers.add(factory.make(i, memories.get(i)));
        }
    }

    int count() {
        return workers.size();
    }

    /** The workers' graphs, by their index. */
    List<BatchProcessor> graphs() {
        return workers.stream().map(Worker::graph).toList();
    }

    List<WorkerMemory> memories() {
        return memories;
    }

    void start() {
        for (Worker worker : workers) {
            threads.add(Thread.ofPlatform().name("weft-worker-" + worker.index()).daemon(true).start(worker));
        }
    }

    /** Of the workers, after {@link #start}. */
    long[] threadIds() {
        return threads.stream().mapToLong(Thread::threadId).toArray();
    }

    /** Assigns the workers the ports of these devices and waits until none uses another port. */
    void assign(Collection<Device> open) {
        assign(open, List.of());
    }

    /** Like {@link #assign(Collection)}; the workers reclaim the chunks of devices that were closed. */
    void assign(Collection<Device> open, List<Device> closed) {
        List<Long> versions = new ArrayList<>();
        for (Worker worker : workers) {
            versions.add(assign(worker, portsOf(open, worker.index()), portsOf(closed, worker.index())));
        }
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        for (Worker worker : workers) {
            while (!worker.hasAdopted(versions.get(worker.index()))) {
                requireAlive(worker);
                if (System.nanoTime() > deadline) {
                    throw new SetupException("worker " + worker.index() + " has not adopted its ports: it is stalled"
                        + lastFault(worker));
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private long assign(Worker worker, List<Port> open, List<Port> closed) {
        DropObserver drops = null;
        BatchProcessor processor = null;
        List<Port> ports = open;
        for (Observation observation : observations) {
            ports = ports.stream().map(port -> observation.decorate(worker.index(), port)).toList();
            drops = DropObserver.both(drops, observation.drops(worker.index()));
            processor = observation.processor(worker.index()) == null ? processor
                : observation.processor(worker.index());
        }
        return worker.assign(ports, closed, drops, processor);
    }

    /** From the next {@link #assign} on the workers' frames are observed. */
    void add(Observation observation) {
        observations.add(observation);
    }

    /** From the next {@link #assign} on they are not. */
    void remove(Observation observation) {
        observations.remove(observation);
    }

    /**
     * What is wrong with a worker, or empty. It counts checks instead of time, so that a process that was stopped as a whole has no stalled
     * worker.
     */
    Optional<String> fault() {
        long now = System.nanoTime();
        boolean due = now - lastLook >= LOOK_NANOS;
        lastLook = due ? now : lastLook;
        for (Worker worker : workers) {
            if (worker.hasEnded()) {
                return Optional.of("worker " + worker.index() + " has ended: " + worker.failure());
            }
            if (due && isStalled(worker)) {
                return Optional.of("worker " + worker.index() + " is stalled" + lastFault(worker));
            }
        }
        return Optional.empty();
    }

    private boolean isStalled(Worker worker) {
        int i = worker.index();
        long iterations = worker.iterations();
        boolean moved = iterations != lastIterations[i] || worker.isSleeping();
        lastIterations[i] = iterations;
        looksWithoutTurn[i] = moved ? 0 : looksWithoutTurn[i] + 1;
        return looksWithoutTurn[i] > STALLED_LOOKS;
    }

    private static String lastFault(Worker worker) {
        Throwable last = worker.faults().last();
        return last == null ? "" : ", after " + last;
    }

    /** Chunks of all workers. */
    long chunks() {
        return memories.stream().mapToLong(memory -> memory.memory().pool().chunks()).sum();
    }

    /** Chunks that are free. The workers change their pools meanwhile, so it may be a few frames out of date. */
    long freeChunks() {
        return memories.stream().mapToLong(memory -> memory.memory().pool().free()).sum();
    }

    /** What each worker has survived, by its index. */
    List<Faults> faults() {
        return workers.stream().map(Worker::faults).toList();
    }

    /** Ends the workers. The devices that use their memory must be closed. */
    @Override
    public void close() {
        workers.forEach(Worker::stop);
        boolean ended = true;
        for (Thread thread : threads) {
            ended &= join(thread);
        }
        if (ended) {
            workers.forEach(Worker::close);
            memories.forEach(memory -> memory.memory().close());
        }
    }

    private static void requireAlive(Worker worker) {
        if (worker.hasEnded()) {
            throw new SetupException("worker " + worker.index() + " has ended: " + worker.failure(), worker.failure());
        }
    }

    private static List<Port> portsOf(Collection<Device> devices, int worker) {
        return devices.stream().map(Device::ports).filter(ports -> worker < ports.size())
            .map(ports -> ports.get(worker)).toList();
    }

    private static boolean join(Thread thread) {
        boolean interrupted = false;
        boolean ended = false;
        try {
            ended = thread.join(java.time.Duration.ofSeconds(1));
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return ended;
    }
}
