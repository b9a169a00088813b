package io.weft.perf.change;

import io.weft.encap.memory.Memory;
import io.weft.perf.traffic.AfXdpReceiver;
import io.weft.perf.traffic.ProbePayload;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Judges where each datagram of {@link TrafficSource} went: its inner destination must be an endpoint that its Service has, or once had, and
 * its outer one the tunnel endpoint of that endpoint's node. Of datagrams sent after the source of cluster objects learnt of an endpoint's
 * removal, it notes how long after.
 *
 * <p>Threads: one replays changes, one receives.
 */
final class TrafficCheck implements AfXdpReceiver.Inspector {
    private static final int IP_DESTINATION_AT = 30;
    private static final int UDP_PORT_AT = 36;
    private static final int PAYLOAD_AT = 42;

    private final BenchCluster cluster;
    /** When each endpoint was removed; 0 while its Service has it. Written by the replaying thread, read by the receiving one. */
    private final AtomicLongArray removedNanos;
    /** Written by the replaying thread, read by the receiving one; nothing else depends on it. */
    private volatile long lateFromNanos = Long.MAX_VALUE;
    private long right;
    private long wrong;
    private long late;
    private long latestNanos;

    TrafficCheck(BenchCluster cluster) {
        this.cluster = cluster;
        removedNanos = new AtomicLongArray(cluster.services() * cluster.endpoints());
    }

    /** Called by the source's thread right before each delivery. */
    void changed(BenchCluster.Change change) {
        removedNanos.setRelease(change.service() * cluster.endpoints() + change.endpoint(),
            change.removes() ? System.nanoTime() : 0);
    }

    /** From now on datagrams count as {@link #late}. */
    void startCountingLate() {
        lateFromNanos = System.nanoTime();
    }

    @Override
    public void inspect(long frame, long inner) {
        int service = TrafficSource.service(cluster, Memory.i32(inner + PAYLOAD_AT + ProbePayload.SEQUENCE_OFFSET));
        int endpoint = endpoint(service, Memory.i32(inner + IP_DESTINATION_AT));
        boolean isRight = endpoint >= 0 && Memory.u16(inner + UDP_PORT_AT) == BenchCluster.ENDPOINT_PORT
            && inner != frame && Memory
                .i32(frame + IP_DESTINATION_AT) == BenchCluster.tunnelEndpoint(cluster.nodeOf(service, endpoint));
        if (!isRight) {
            wrong++;
            return;
        }
        right++;
        long removed = removedNanos.getAcquire(service * cluster.endpoints() + endpoint);
        long sent = Memory.i64(inner + PAYLOAD_AT + ProbePayload.TIME_OFFSET);
        long after = sent - removed;
        if (removed != 0 && after > 0 && sent >= lateFromNanos) {
            late++;
            latestNanos = Math.max(latestNanos, after);
        }
    }

    private int endpoint(int service, int address) {
        for (int endpoint = 0; endpoint < cluster.endpoints(); endpoint++) {
            if (cluster.address(service, endpoint) == address) { return endpoint; }
        }
        return -1;
    }

    /** Datagrams at an endpoint of their Service. This and the following: after the receiver has ended. */
    long right() {
        return right;
    }

    /** Datagrams at an endpoint that their Service never had. */
    long wrong() {
        return wrong;
    }

    /** Of the right ones, those sent after their endpoint was removed. */
    long late() {
        return late;
    }

    /** How long after the removal the last of them was sent. */
    long latestNanos() {
        return latestNanos;
    }
}
