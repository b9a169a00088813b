package io.weft.dataplane.trace;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.forwarding.PortId;
import java.util.List;
import java.util.Set;

/**
 * What has become of one frame.
 *
 * @param timeNanos since 1970: when the worker's iteration began that processed the frame
 * @param worker index of the worker
 * @param port id of the port that received it
 * @param length bytes of the frame
 * @param bytes the first of them
 * @param nodes that it has visited, in their order
 * @param fastPath whether the fast path has finished it
 * @param reason of a dropped frame, which may have been answered; else null
 * @param sentCount frames that left: the frame, its fragments, or the answer to it
 * @param sent the first of them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TracedFrame(long timeNanos, int worker, int port, int length, byte[] bytes, Set<GraphNodeId> nodes,
    boolean fastPath, DropReason reason, int sentCount, List<Sent> sent) {

    /**
     * @param port id of the port that sent it
     * @param length bytes of the frame
     * @param bytes the first of them
     * @param checksumRequested whether the device completes its checksum
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Sent(int port, int length, byte[] bytes, boolean checksumRequested) {
    }

    /** {@code known}, {@code new} or {@code none}, as {@code weft explain} has it. */
    public String flow() {
        if (nodes.contains(GraphNodeId.FLOW_CREATE)) { return "new"; }
        return nodes.contains(GraphNodeId.FLOW_LOOKUP) ? "known" : "none";
    }

    /** {@code dropped}, {@code held}, {@code punted} or {@code sent}, as {@code weft explain} has it. */
    public String verdict() {
        if (reason != null) { return "dropped"; }
        if (sentCount == 0) { return "held"; }
        return sent.stream().allMatch(each -> each.port() == PortId.HOST) ? "punted" : "sent";
    }
}
