package io.weft.dataplane.flowlog;

import io.weft.lb.flow.FlowRecord;

/**
 * What the dataplane says of a flow that has begun or ended.
 *
 * @param reason why it has ended; NONE for one that has begun
 * @param firstMillis of its first packet, milliseconds since 1970; 0 if that is not known
 * @param lastMillis of its last packet, likewise, known to the second; not before the first
 * @param flow its forward direction; the idle time is not set
 */
public record FlowLogRecord(FlowEndReason reason, long firstMillis, long lastMillis, FlowRecord flow,
    long replyPackets, long replyBytes) {

    public boolean isStart() { return reason == FlowEndReason.NONE; }
}
