package io.weft.dataplane.conductor;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.port.AfXdpPort;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.XdpDevice;
import io.weft.dataplane.port.XdpDevice.WorkerMemory;
import io.weft.dataplane.worker.Worker;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * The workers with their memory and threads. {@link #assign} changes their ports and comes back when all of them use the new ones.
 *
 * <p>Thread: the conductor.
 */
final class WorkerPool implements AutoCloseable {
    /** Conductor's passes without a turn of a worker that is awake, after which it counts as stalled. */
    private static final int STALLED_PASSES = 100;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long PAUSE_NANOS = 20_000;

    private final List<Worker> workers = new ArrayList<>();
    private final List<WorkerMemory> memories = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final long[] lastTurns;
    private final int[] passesWithoutTurn;

    /** Makes one worker. */
    interface Factory {
        Worker make(int index, WorkerMemory memory);
    }

    WorkerPool(int count, int chunks, int chunkSize, Function<Integer, WorkerCounters> counters, Factory factory) {
        lastTurns = new long[count];
        passesWithoutTurn = new int[count];
        for (int i = 0; i < count; i++) {
            memories.add(new WorkerMemory(FrameMemory.allocate(chunks, chunkSize), counters.apply(i)));
            workers.add(factory.make(i, memories.get(i)));
        }
    }

    int count() {
        return workers.size();
    }

    List<WorkerMemory> memories() {
        return memories;
    }

    void start() {
        for (Worker worker : workers) {
            threads.add(Thread.ofPlatform().name("weft-worker-" + worker.index()).daemon(true).start(worker));
        }
    }

    /** Gives the workers the ports of these devices and waits until none uses another. */
    void assign(Collection<XdpDevice> open) {
        assign(open, List.of());
    }

    /** As {@link #assign(Collection)}; the workers take back the chunks of devices that were closed. */
    void assign(Collection<XdpDevice> open, List<XdpDevice> closed) {
        List<Long> versions = new ArrayList<>();
        for (Worker worker : workers) {
            versions.add(worker.assign(portsOf(open, worker.index()), portsOf(closed, worker.index())));
        }
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        for (Worker worker : workers) {
            while (!worker.hasAdopted(versions.get(worker.index()))) {
                requireAlive(worker);
                if (System.nanoTime() > deadline) {
                    throw new SetupException("worker " + worker.index() + " does not take its ports: it is stalled");
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    /** What is wrong with a worker, or empty. To be asked once a pass of the conductor. */
    Optional<String> trouble() {
        for (Worker worker : workers) {
            int i = worker.index();
            if (worker.hasEnded()) { return Optional.of("worker " + i + " has ended: " + worker.failure()); }
            long turns = worker.turns();
            boolean moved = turns != lastTurns[i] || worker.isSleeping();
            lastTurns[i] = turns;
            passesWithoutTurn[i] = moved ? 0 : passesWithoutTurn[i] + 1;
            if (passesWithoutTurn[i] > STALLED_PASSES) { return Optional.of("worker " + i + " is stalled"); }
        }
        return Optional.empty();
    }

    /** Ends the workers; the sockets over their memory are closed. */
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

    private static List<AfXdpPort> portsOf(Collection<XdpDevice> devices, int worker) {
        return devices.stream().map(XdpDevice::ports).filter(ports -> worker < ports.size())
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
