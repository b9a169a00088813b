package io.weft.dataplane.worker;

import io.weft.dataplane.port.PollablePort;
import io.weft.dataplane.port.Port;
import io.weft.dataplane.port.afxdp.AfXdpPort;
import io.weft.nativebindings.linux.Poll;
import java.util.List;

/** The ports of one worker, as the conductor last decided: never changed, replaced as a whole. */
final class WorkerPorts {
    private static final int MIN_POLL = 16;

    final long version;
    /** With holes. */
    final Port[] byId;
    /** The same without holes. */
    final PollablePort[] open;
    /** Ports that the conductor has closed since the last version, whose chunks the worker takes back. */
    final AfXdpPort[] closed;
    /** Room for all ports and the wake-up; the worker fills it. */
    final Poll poll;

    private WorkerPorts(long version, List<? extends PollablePort> ports, List<AfXdpPort> closed, Poll poll) {
        this.version = version;
        this.poll = poll;
        this.closed = closed.toArray(AfXdpPort[]::new);
        open = ports.toArray(PollablePort[]::new);
        byId = new Port[ports.stream().mapToInt(port -> port.id() + 1).max().orElse(0)];
        ports.forEach(port -> byId[port.id()] = port);
    }

    /** Of a worker that has none yet. */
    static WorkerPorts none() {
        return new WorkerPorts(0, List.of(), List.of(), new Poll(MIN_POLL));
    }

    WorkerPorts next(List<? extends PollablePort> ports, List<AfXdpPort> closedPorts) {
        return new WorkerPorts(version + 1, ports, closedPorts, room(poll, ports.size() + 1));
    }

    /** A {@link Poll} is never freed: it grows by doubling and is used again. */
    private static Poll room(Poll present, int needed) {
        return present.capacity() >= needed ? present : new Poll(Integer.highestOneBit(2 * needed - 1));
    }
}
