package io.weft.dataplane.worker;

import static org.junit.jupiter.api.Assertions.*;

import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.WorkerMemory;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.testing.MemoryDriver;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.dataplane.testing.Wire;
import io.weft.nativebindings.linux.MappedMemory;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkerTest {
    private static final int CHUNKS = 64;
    private static final int SLOTS = 8;
    private static final int MANY_ITERATIONS = 10_000;

    @Test
    void sleepsUnlessItHasAPollOnlyPort() throws Exception {
        try (CounterFile file = CounterFile.inMemory(new CounterSizing(1, SLOTS, SLOTS));
            MappedMemory slots = MappedMemory.anonymous((long) SLOTS * Adjacencies.SLOT_BYTES, false);
            FrameMemory memory = FrameMemory.allocate(CHUNKS, ChunkLayout.spread(2048));
            MemoryDriver driver = new MemoryDriver()) {
            WorkerMemory own = new WorkerMemory(memory, file.worker(0));
            Worker worker = new Worker(0, -1, own.counters(),
                new ForwardingState(new Adjacencies(slots.address(), SLOTS, SLOTS)), new Epochs(1),
                new Wire(memory.pool(), own.counters()), false);
            Thread thread = Thread.ofPlatform().start(worker);
            TestNetwork.await("worker without ports to sleep", worker::isSleeping);

            Device device = driver.open(new Device.Spec(2, PortKind.POD, "polled", 0, 1), List.of(own));
            await(worker, worker.assign(device.ports(), List.of()));
            long iterations = worker.iterations();
            TestNetwork.await("worker to poll on", () -> {
                assertFalse(worker.isSleeping());
                return worker.iterations() > iterations + MANY_ITERATIONS;
            });

            await(worker, worker.assign(List.of(), List.of()));
            device.close();
            await(worker, worker.assign(List.of(), device.ports()));
            assertEquals(CHUNKS, memory.pool().free());
            TestNetwork.await("worker to sleep again", worker::isSleeping);
            worker.stop();
            thread.join();
            assertNull(worker.failure());
            assertEquals(List.of(), driver.violations());
            worker.close();
        }
    }

    private static void await(Worker worker, long version) {
        TestNetwork.await("worker to take its ports", () -> worker.hasAdopted(version));
    }
}
