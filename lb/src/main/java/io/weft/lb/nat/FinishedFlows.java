package io.weft.lb.nat;

import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowEnder;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;

/**
 * Finds finished TCP connections that still hold a SNAT port, and ends one of them to free its port. A connection is finished if it was
 * reset or both sides have closed it. If the last acknowledgement was not seen (LAST_ACK), it is finished only after
 * {@link #LAST_ACK_SECONDS} without a segment, because the FIN, or data before it, may have been lost and be sent again. Half-closed
 * connections keep their port.
 *
 * <p>The remote end may still be in TIME_WAIT: see docs/adr/0009.
 *
 * <p>Threads: one per instance. Allocation: none.
 */
final class FinishedFlows {
    /** Stands for the connections of all pods: no pod has this address. */
    static final int ANY_POD = 0;

    private static final int TRIES = 64;
    /** When the second retransmission is due, with an initial timeout of one second (RFC 6298 section 2). */
    private static final int LAST_ACK_SECONDS = 3;

    private final FlowTable table;
    private final SnatPorts ports;
    private final FlowEnder ender;

    FinishedFlows(FlowTable table, SnatPorts ports, FlowEnder ender) {
        this.table = table;
        this.ports = ports;
        this.ender = ender;
    }

    /**
     * Looks at some ports of the pool and, among finished flows to the template's destination on them, ends the one that has been silent
     * longest.
     *
     * @param hash selects the ports
     * @param k1 of the new flow
     * @param template of the new flow; its new source port is changed
     * @param pod only flows of this pod, or {@link #ANY_POD}
     * @return the port it had, or {@link SnatPorts#NONE}
     */
    int endOldest(int hash, long k1, FlowTemplate template, int pod) {
        long oldest = 0;
        int longest = -1;
        int port = SnatPorts.NONE;
        for (int i = Math.min(TRIES, ports.size()) - 1; i >= 0; i--) {
            int candidate = ports.candidate(hash, i);
            long reverse = ports.isBlocked(IpProtocol.IPPROTO_TCP, candidate) ? 0 : reverseOf(candidate, k1, template);
            int idle = reverse == 0 || pod != ANY_POD && FlowEntry.newDst(reverse) != pod
                ? -1
                : idleSeconds(reverse, template.nowSeconds);
            if (idle > longest) {
                longest = idle;
                oldest = reverse;
                port = candidate;
            }
        }
        return oldest != 0 && ender.endFinished(oldest) ? port : SnatPorts.NONE;
    }

    private long reverseOf(int port, long k1, FlowTemplate template) {
        template.newSport = port;
        long reverseK0 = template.reverseK0();
        long reverseK1 = template.reverseK1(k1);
        return table.find(FlowHash.hash(reverseK0, reverseK1), reverseK0, reverseK1);
    }

    private int idleSeconds(long reverse, int now) {
        return (FlowEntry.flags(reverse) & FlowEntry.OWNS_PORT) == 0 ? -1 : idleSeconds(table, reverse, now);
    }

    /** Idle time of a finished connection whose keys may be used again; -1 for other flows. */
    static int idleSeconds(FlowTable table, long reverse, int now) {
        int state = FlowEntry.state(reverse);
        if (!FlowState.isFinished(state) || !FlowEntry.isReverse(reverse)) { return -1; }
        long forward = table.peer(reverse);
        if (forward == 0) { return -1; }
        int idle = Math.max(0, now - Math.max(FlowEntry.lastSeen(reverse), FlowEntry.lastSeen(forward)));
        return state != FlowState.LAST_ACK || idle >= LAST_ACK_SECONDS ? idle : -1;
    }
}
