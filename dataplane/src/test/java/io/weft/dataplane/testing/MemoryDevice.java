package io.weft.dataplane.testing;

import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.MemoryPort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.port.WorkerMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A device whose queues are {@link MemoryPort}s. Like a real device's, each port holds chunks to receive into from the moment a worker uses
 * it. Records violations of the order that {@link Device} requires.
 *
 * <p>Threads: the caller's, and the workers'.
 */
public final class MemoryDevice implements Device {
    /** Number of chunks that each port holds. */
    public static final int LENT = 4;

    private static final int CAPACITY = 16;

    private final Spec spec;
    private final List<QueuePort> ports = new ArrayList<>();
    private final Queue<String> violations = new ConcurrentLinkedQueue<>();
    private int statisticsReadings;
    private int failure;
    private boolean attached;
    private volatile boolean closed;

    MemoryDevice(Spec spec, List<WorkerMemory> workers) {
        this.spec = spec;
        workers.stream().limit(spec.queues()).forEach(worker -> ports.add(new QueuePort(worker)));
    }

    /** Makes the device fail with this errno from now on. */
    public void fail(int errno) {
        failure = errno;
    }

    public boolean isAttached() { return attached; }

    public boolean isClosed() { return closed; }

    /** How often {@link #readStatistics} was called. */
    public int statisticsReadings() {
        return statisticsReadings;
    }

    List<String> violations() {
        return List.copyOf(violations);
    }

    @Override
    public Spec spec() {
        return spec;
    }

    @Override
    public List<Port> ports() {
        return List.copyOf(ports);
    }

    @Override
    public void attach() {
        require(ports.stream().allMatch(port -> port.used), "attached before the workers have its ports");
        require(!attached, "attached twice");
        attached = true;
    }

    @Override
    public void detach() {
        attached = false;
    }

    @Override
    public String mode() {
        return "memory";
    }

    @Override
    public String reason() {
        return "a test";
    }

    @Override
    public int failure() {
        return failure;
    }

    @Override
    public int heldChunks() {
        return (int) ports.stream().filter(port -> port.used).count() * LENT;
    }

    @Override
    public void readStatistics() {
        statisticsReadings++;
    }

    @Override
    public void close() {
        require(!attached, "closed while attached");
        require(!closed, "closed twice");
        closed = true;
    }

    private void require(boolean condition, String violation) {
        if (!condition) {
            violations.add(spec.name() + ": " + violation);
        }
    }

    private final class QueuePort implements Port {
        private final FrameMemory memory;
        private final MemoryPort port;
        private volatile boolean used;
        private boolean reclaimed;

        QueuePort(WorkerMemory worker) {
            memory = worker.memory();
            port = new MemoryPort(spec.portId(), memory.pool(), worker.counters(), MemoryPort.Sent.CAPTURED, CAPACITY);
        }

        @Override
        public int id() {
            return port.id();
        }

        @Override
        public int receive(FrameBatch into) {
            require(!closed, "used after it was closed");
            if (!used) {
                for (int i = 0; i < LENT; i++) {
                    memory.owners().take(memory.pool().allocate(), id());
                }
                used = true;
            }
            return port.receive(into);
        }

        @Override
        public int transmit(FrameBatch batch, FrameList frames) {
            require(!closed, "used after it was closed");
            return port.transmit(batch, frames);
        }

        @Override
        public void flush() {
            require(!closed, "used after it was closed");
            port.flush();
        }

        @Override
        public int reclaim() {
            require(closed, "reclaimed before it was closed");
            require(!reclaimed, "reclaimed twice");
            reclaimed = true;
            return memory.owners().reclaim(id()) + port.reclaim();
        }
    }
}
