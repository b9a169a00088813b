package io.weft.dataplane.flowlog;

import io.weft.dataplane.capture.RingFile;
import io.weft.lb.flow.FlowCounter;
import io.weft.lb.flow.FlowEndListener;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.nat.SourceNat;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;

/**
 * Records the flows that one thread creates or ends. A record that finds no room in the ring is lost and counted; the thread never waits.
 *
 * <p>Thread: one, a worker or the conductor. Allocation: none.
 */
public final class FlowLogWriter implements FlowEndListener {
    private static final long MILLIS_PER_SECOND = 1000;

    private final FlowTable flows;
    private final SnatPorts snatPorts;
    private final OneToOneRingBuffer ring;
    private final AtomicBuffer buffer;
    private final long lostAt;
    private final boolean withStarts;
    private FlowEndReason invalid = FlowEndReason.TABLES_CHANGED;

    FlowLogWriter(FlowTable flows, SnatPorts snatPorts, OneToOneRingBuffer ring, long lostAt, boolean withStarts) {
        this.flows = flows;
        this.snatPorts = snatPorts;
        this.ring = ring;
        buffer = ring.buffer();
        this.lostAt = lostAt;
        this.withStarts = withStarts;
    }

    /** The reason of the flows that end next because the tables no longer allow them. */
    public void invalidBecause(FlowEndReason reason) {
        invalid = reason;
    }

    /**
     * A flow has begun.
     *
     * @param forward its entry, created by this thread in its current batch
     */
    public void started(long forward) {
        if (withStarts) {
            write(FlowLogMessage.START, forward, 0, FlowEntry.k0(forward), FlowEntry.k1(forward), FlowEndReason.NONE);
        }
    }

    @Override
    public void onEnd(long forward, long k0, long k1) {
        SourceNat.onEnd(snatPorts, forward, k0, k1);
    }

    @Override
    public void onEnd(long forward, long reverse, long k0, long k1, FlowCounter counter) {
        onEnd(forward, k0, k1);
        write(FlowLogMessage.END, forward, reverse, k0, k1,
            FlowEndReason.of(counter, FlowEntry.state(forward), invalid));
    }

    /** @param reverse the reply's entry; 0 if there is none */
    private void write(int type, long forward, long reverse, long k0, long k1, FlowEndReason reason) {
        int at = ring.tryClaim(type, FlowLogMessage.LENGTH);
        if (at < 0) {
            RingFile.countLost(lostAt);
            return;
        }
        long first = flows.startMillis(forward);
        int lastSeen = reverse == 0 || FlowEntry.lastSeen(forward) - FlowEntry.lastSeen(reverse) > 0
            ? FlowEntry.lastSeen(forward) : FlowEntry.lastSeen(reverse);
        buffer.putLong(at + FlowLogMessage.K0, k0);
        buffer.putLong(at + FlowLogMessage.K1, k1);
        buffer.putInt(at + FlowLogMessage.NEW_SOURCE, FlowEntry.newSrc(forward));
        buffer.putInt(at + FlowLogMessage.NEW_DESTINATION, FlowEntry.newDst(forward));
        buffer.putInt(at + FlowLogMessage.NEW_PORTS, FlowEntry.newPorts(forward));
        buffer.putInt(at + FlowLogMessage.EGRESS, FlowEntry.egress(forward));
        buffer.putInt(at + FlowLogMessage.META, FlowEntry.meta(forward));
        buffer.putInt(at + FlowLogMessage.REASON, reason.ordinal());
        buffer.putLong(at + FlowLogMessage.FIRST_MILLIS, first);
        buffer.putLong(at + FlowLogMessage.LAST_MILLIS, lastSeen * MILLIS_PER_SECOND);
        buffer.putLong(at + FlowLogMessage.PACKETS, FlowEntry.packets(forward));
        buffer.putLong(at + FlowLogMessage.BYTES, FlowEntry.bytes(forward));
        buffer.putLong(at + FlowLogMessage.REPLY_PACKETS, reverse == 0 ? 0 : FlowEntry.packets(reverse));
        buffer.putLong(at + FlowLogMessage.REPLY_BYTES, reverse == 0 ? 0 : FlowEntry.bytes(reverse));
        ring.commit(at);
    }
}
