package io.weft.dataplane.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.port.FaultyPort;
import io.weft.dataplane.port.FaultyPort.Fault;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.Wire;
import io.weft.lb.service.ServiceTable;
import io.weft.nativebindings.linux.MappedMemory;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No exception ends a worker, and what one port throws costs the others nothing. */
class WorkerFaultTest {
    private static final int CHUNKS = 64;
    private static final int SLOTS = 8;
    private static final int FRAMES = 5;
    /** More than pass without a pause. */
    private static final int MANY_FAULTS = 40;

    private final CounterFile file = CounterFile.inMemory(new CounterSizing(1, SLOTS, SLOTS));
    private final WorkerCounters counters = file.worker(0);
    private final MappedMemory slots = MappedMemory.anonymous((long) SLOTS * Adjacencies.SLOT_BYTES, false);
    private final ForwardingState state = new ForwardingState(new Adjacencies(slots.address(), SLOTS, SLOTS));
    private final FrameMemory memory = FrameMemory.allocate(CHUNKS, ChunkLayout.spread(2048));
    private final MemoryPort first = port(2);
    private final MemoryPort second = port(3);
    private final FaultyPort faulty = new FaultyPort(first);
    private Worker worker;
    private Thread thread;

    private MemoryPort port(int id) {
        return new MemoryPort(id, memory.pool(), counters, MemoryPort.Sent.CAPTURED, 16);
    }

    private void start(BatchProcessor graph) {
        worker = new Worker(0, -1, counters, state, new Epochs(1), graph, false);
        thread = Thread.ofPlatform().start(worker);
    }

    private void assign(List<Port> open, List<Port> closed) {
        long version = worker.assign(open, closed);
        TestNetwork.await("worker to take its ports", () -> worker.hasAdopted(version));
    }

    private void awaitFaults(long count) {
        TestNetwork.await("faults", () -> worker.faults().count() >= count);
    }

    @AfterEach
    void endsInOrderAndLosesNoChunk() throws Exception {
        assign(List.of(), List.of(first, second));
        assertFalse(worker.hasEnded());
        worker.stop();
        thread.join();
        assertNull(worker.failure());
        assertEquals(CHUNKS, memory.pool().free());
        worker.close();
        memory.close();
        slots.close();
        file.close();
    }

    /** All frames of both ports pass the wire, whichever call of the one port throws in every iteration. */
    @ParameterizedTest
    @EnumSource(value = Fault.class, names = {"RECEIVE", "FLUSH"})
    void aPortThatThrowsAgainAndAgainCostsNoFrameOfAnother(Fault fault) {
        for (int i = 0; i < FRAMES; i++) {
            assertTrue(first.offer(new byte[60]) && second.offer(new byte[60]));
        }
        start(new Wire(memory.pool(), counters));
        faulty.throwOn(fault);
        assign(List.of(faulty, second), List.of());
        awaitFaults(MANY_FAULTS);
        assertInstanceOf(IllegalStateException.class, worker.faults().last());
        assertEquals(2 * FRAMES, counters.total(FrameTotal.SENT));
        assertEquals(0, counters.total(FrameTotal.DROPPED));

        faulty.throwOn(Fault.NONE);
        assign(List.of(), List.of());
        long after = worker.faults().count();
        for (int i = 0; i < FRAMES; i++) {
            assertNotNull(first.take());
            assertNotNull(second.take());
        }
        assign(List.of(faulty, second), List.of());
        assertEquals(after, worker.faults().count());
        assign(List.of(), List.of());
    }

    @Test
    void aPortThatCannotBeReclaimedKeepsNoOtherFromIt() {
        first.offer(new byte[60]);
        second.offer(new byte[60]);
        start(new Wire(memory.pool(), counters));
        faulty.throwOn(Fault.RECLAIM);
        assign(List.of(), List.of(faulty, second));
        assertEquals(1, worker.faults().count());
        assertEquals(CHUNKS - 1, memory.pool().free());
    }

    /** The conductor takes a worker that comes to no end of an iteration for stalled. */
    @Test
    void anIterationThatFailsIsNoIteration() {
        start(new Wire(memory.pool(), counters));
        assign(List.of(second), List.of());
        state.publish(new UnreadableTables());
        awaitFaults(MANY_FAULTS);
        long iterations = worker.iterations();
        awaitFaults(worker.faults().count() + MANY_FAULTS);
        assertEquals(iterations, worker.iterations());
        state.publish((ForwardingTables) null);
        TestNetwork.await("iterations", () -> worker.iterations() > iterations);
    }

    /** As none should: what is in its batch is lost, and no frame is processed twice. */
    @Test
    void aGraphThatThrowsIsNotGivenTheSameFramesAgain() {
        first.offer(new byte[60]);
        start(new BatchProcessor() {
            @Override
            public void use(Port[] portsById) {
                // It sends none.
            }

            @Override
            public void process(FrameBatch batch, long nowNanos) {
                memory.pool().free(batch.at[0]);
                throw new AssertionError("injected");
            }
        });
        assign(List.of(first), List.of());
        awaitFaults(1);
        assign(List.of(), List.of());
        assertEquals(1, worker.faults().count());
    }

    /** They say nothing, not even their generation. */
    private static final class UnreadableTables implements ForwardingTables {
        private static IllegalStateException injected() {
            return new IllegalStateException("injected");
        }

        @Override
        public LocalNode local() {
            throw injected();
        }

        @Override
        public long generation() {
            throw injected();
        }

        @Override
        public long route4(int destination) {
            throw injected();
        }

        @Override
        public int peerByEndpoint(int address) {
            throw injected();
        }

        @Override
        public ServiceTable services() {
            throw injected();
        }

        @Override
        public ForwardingTables forWorker() {
            throw injected();
        }
    }
}
