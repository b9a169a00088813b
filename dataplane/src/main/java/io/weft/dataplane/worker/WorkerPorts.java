package io.weft.dataplane.worker;

import io.weft.dataplane.port.DropObserver;
import io.weft.dataplane.port.Port;
import io.weft.nativebindings.linux.Poll;
import java.util.Arrays;
import java.util.List;

/** The ports of one worker, as the conductor last assigned them. Immutable; replaced as a whole. */
final class WorkerPorts {
    private static final int MIN_POLL = 16;

    final long version;
    /** Indexed by id, sparse. */
    final Port[] byId;
    /** The same ports, dense. */
    final Port[] open;
    /** Ports that the conductor has closed since the last version; the worker reclaims their chunks. */
    final Port[] closed;
    /** Is told about dropped frames; null for nobody. */
    final DropObserver drops;
    /** Stands before the worker's graph, which it calls; null for the graph itself. */
    final BatchProcessor processor;
    /** What each of {@link #open} is polled by. */
    final int[] descriptors;
    /** One of the ports can only be polled: the worker may not sleep. */
    final boolean pollOnly;
    /** Has room for all ports and the wake-up; the worker fills it. */
    final Poll poll;

    private WorkerPorts(long version, List<Port> ports, List<Port> closed, DropObserver drops,
        BatchProcessor processor, Poll poll) {
        this.version = version;
        this.poll = poll;
        this.drops = drops;
        this.processor = processor;
        this.closed = closed.toArray(Port[]::new);
        open = ports.toArray(Port[]::new);
        descriptors = ports.stream().mapToInt(Port::descriptor).toArray();
        pollOnly = Arrays.stream(descriptors).anyMatch(descriptor -> descriptor == Port.NO_DESCRIPTOR);
        byId = new Port[ports.stream().mapToInt(port -> port.id() + 1).max().orElse(0)];
        ports.forEach(port -> byId[port.id()] = port);
    }

    /** For a worker without ports. */
    static WorkerPorts none() {
        return new WorkerPorts(0, List.of(), List.of(), null, null, new Poll(MIN_POLL));
    }

    WorkerPorts next(List<Port> ports, List<Port> closedPorts, DropObserver observer, BatchProcessor newProcessor) {
        return new WorkerPorts(version + 1, ports, closedPorts, observer, newProcessor,
            room(poll, ports.size() + 1));
    }

    /** A {@link Poll} is never freed: it grows by doubling and is reused. */
    private static Poll room(Poll present, int needed) {
        return present.capacity() >= needed ? present : new Poll(Integer.highestOneBit(2 * needed - 1));
    }
}
