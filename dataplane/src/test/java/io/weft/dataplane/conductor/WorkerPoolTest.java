package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.testing.MemoryDevice;
import io.weft.dataplane.testing.MemoryDriver;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.worker.BatchProcessor;
import io.weft.dataplane.worker.Epochs;
import io.weft.dataplane.worker.Worker;
import io.weft.nativebindings.linux.MappedMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two real workers, devices in memory, and graphs that do to their worker what a test says. */
class WorkerPoolTest {
    private static final int WORKERS = 2;
    private static final int CHUNKS = 64;
    private static final int SLOTS = 8;

    private final MappedMemory slots = MappedMemory.anonymous((long) SLOTS * Adjacencies.SLOT_BYTES, false);
    private final ForwardingState state = new ForwardingState(new Adjacencies(slots.address(), SLOTS, SLOTS));
    private final CounterFile counters = CounterFile.inMemory(new CounterSizing(WORKERS, SLOTS, SLOTS));
    private final MemoryDriver driver = new MemoryDriver();
    private final List<Graph> graphs = List.of(new Graph(), new Graph());
    private final Epochs epochs = new Epochs(WORKERS);
    private final WorkerPool pool = new WorkerPool(WORKERS, CHUNKS, ChunkLayout.aligned(2048), counters::worker,
        (index, memory) -> new Worker(index, -1, memory.counters(), state, epochs, graphs.get(index), false));

    /** Sees the ports of its worker and no frames. */
    private static final class Graph implements BatchProcessor {
        private volatile List<Integer> ports = List.of();
        private volatile Runnable work = () -> {
        };

        @Override
        public void use(Port[] portsById) {
            ports = IntStream.range(0, portsById.length).filter(id -> portsById[id] != null).boxed().toList();
        }

        @Override
        public void process(FrameBatch batch, long nowNanos) {
            throw new AssertionError("a frame");
        }

        @Override
        public boolean resume(FrameBatch batch, long nowNanos) {
            work.run();
            return false;
        }
    }

    @AfterEach
    void close() {
        pool.close();
        assertEquals(List.of(), driver.violations());
        counters.close();
        slots.close();
    }

    private Device open(int id, int queues) {
        return driver.open(new Device.Spec(id, PortKind.POD, "weft" + id, id, queues), pool.memories());
    }

    private List<List<Integer>> ports() {
        return graphs.stream().map(graph -> graph.ports).toList();
    }

    private List<Thread> threads() {
        Thread[] all = new Thread[Thread.activeCount() + 16];
        int count = Thread.enumerate(all);
        return Arrays.stream(all, 0, count).filter(thread -> thread.getName().startsWith("weft-worker-")).toList();
    }

    /** A stalled worker is a fault at each check, some time after the last. */
    private String awaitFault() {
        List<String> faults = new ArrayList<>();
        TestNetwork.await("a fault", () -> {
            pool.fault().ifPresent(faults::add);
            return !faults.isEmpty();
        });
        return faults.getFirst();
    }

    @Test
    void startsAThreadForEachWorkerAndEndsThemAll() {
        assertEquals(WORKERS, pool.count());
        assertEquals(WORKERS, pool.memories().size());
        pool.start();
        assertEquals(List.of("weft-worker-0", "weft-worker-1"), threads().stream().map(Thread::getName).sorted()
            .toList());
        pool.assign(List.of());
        assertEquals(Optional.empty(), pool.fault());
        List<Thread> threads = threads();
        pool.close();
        assertTrue(threads.stream().noneMatch(Thread::isAlive));
    }

    @Test
    void eachWorkerHasItsQueueOfEveryDeviceAndReclaimsWhatAClosedOneLeft() {
        pool.start();
        Device both = open(2, WORKERS);
        Device first = open(3, 1);
        pool.assign(List.of(both, first));
        assertEquals(List.of(List.of(2, 3), List.of(2)), ports());
        assertEquals(List.of(CHUNKS - 2 * MemoryDevice.LENT, CHUNKS - MemoryDevice.LENT), freeChunks());

        pool.assign(List.of(first));
        assertEquals(List.of(List.of(3), List.of()), ports());
        both.close();
        pool.assign(List.of(first), List.of(both));
        assertEquals(List.of(CHUNKS - MemoryDevice.LENT, CHUNKS), freeChunks());

        pool.assign(List.of());
        first.close();
        pool.assign(List.of(), List.of(first));
        assertEquals(List.of(CHUNKS, CHUNKS), freeChunks());
        assertEquals(Optional.empty(), pool.fault());
    }

    private List<Integer> freeChunks() {
        return pool.memories().stream().map(memory -> memory.memory().pool().free()).toList();
    }

    @Test
    void aWorkerThatEndsIsAFaultWithItsErrorAndGetsNoPortsAnyMore() {
        pool.start();
        pool.assign(List.of());
        StackOverflowError error = new StackOverflowError("injected");
        graphs.get(1).work = () -> {
            throw error;
        };
        SetupException refusal = assertThrows(SetupException.class, () -> {
            while (true) {
                pool.assign(List.of());
            }
        });
        assertSame(error, refusal.getCause());
        assertEquals("worker 1 has ended: java.lang.StackOverflowError: injected", refusal.getMessage());
        assertEquals("worker 1 has ended: java.lang.StackOverflowError: injected", awaitFault());
    }

    /** The other one sleeps, and starts no iteration either. */
    @Test
    void aWorkerThatDoesNotComeBackIsStalledAndOneThatSleepsIsNot() throws Exception {
        pool.start();
        CountDownLatch end = new CountDownLatch(1);
        graphs.get(1).work = () -> await(end);
        try {
            assertEquals("worker 1 is stalled", awaitFault());
        } finally {
            end.countDown();
        }
        graphs.get(1).work = () -> {
        };
        TestNetwork.await("the worker to go on", () -> pool.fault().isEmpty());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aWorkerThatFailsInEveryIterationIsStalledAndTheFaultSaysWhy() {
        pool.start();
        graphs.get(0).work = () -> {
            throw new IllegalStateException("injected");
        };
        assertEquals("worker 0 is stalled, after java.lang.IllegalStateException: injected", awaitFault());
        assertTrue(pool.faults().get(0).count() > 1);
        assertEquals(0, pool.faults().get(1).count());
        graphs.get(0).work = () -> {
        };
        TestNetwork.await("the worker to go on", () -> pool.fault().isEmpty());
    }

    @Test
    void oneExceptionIsNoFaultAndIsCounted() {
        pool.start();
        CountDownLatch thrown = new CountDownLatch(1);
        graphs.get(0).work = () -> {
            if (thrown.getCount() > 0) {
                thrown.countDown();
                throw new AssertionError("injected");
            }
        };
        pool.assign(List.of());
        assertEquals(1, pool.faults().get(0).count());
        assertEquals(Optional.empty(), pool.fault());
        assertFalse(threads().isEmpty());
    }
}
