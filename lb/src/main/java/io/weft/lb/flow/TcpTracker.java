package io.weft.lb.flow;

import static io.weft.lb.flow.FlowState.CLOSE;
import static io.weft.lb.flow.FlowState.CLOSE_WAIT;
import static io.weft.lb.flow.FlowState.ESTABLISHED;
import static io.weft.lb.flow.FlowState.FIN_WAIT;
import static io.weft.lb.flow.FlowState.LAST_ACK;
import static io.weft.lb.flow.FlowState.NONE;
import static io.weft.lb.flow.FlowState.SYN_RECV;
import static io.weft.lb.flow.FlowState.SYN_SENT;
import static io.weft.lb.flow.FlowState.SYN_SENT2;
import static io.weft.lb.flow.FlowState.TIME_WAIT;

import io.weft.encap.packet.TcpHeader;

/**
 * Tracks the TCP state of a flow as Linux's conntrack does (net/netfilter/nf_conntrack_proto_tcp.c), from flags and, for RST, sequence
 * numbers. The state decides timeouts and nothing else: no segment is refused.
 *
 * <p><b>Checks on a RST</b> (RFC 5961 section 3 asks the endpoints for the same). Let {@code expected} be the last acknowledgement number
 * seen from the other side.
 * <ul>
 * <li>The sequence number equals expected, or no acknowledgement was seen yet, or the connection is not yet established and the sequence
 * number is 0: the flow closes.
 * <li>It is up to 16 MiB beyond expected (data was under way): the flow stays, with a short timeout until another segment is seen.
 * <li>Anything else: the flow stays as it is.
 * </ul>
 * Windows, sequence numbers of other segments and checksums are not checked.
 *
 * <p><b>A SYN on a finished flow</b> starts another connection ({@link #isOver}): the flow ends, and the SYN is handled as a first packet,
 * as conntrack does (RFC 9293 section 3.6.1 allows a SYN in TIME-WAIT). One difference: conntrack lets a SYN in LAST_ACK, and a SYN of the
 * responder in CLOSE, pass by the old entry. Here they are new connections too, because the old connection has nothing left to send.
 *
 * <p>Threads: any number. The forward entry's state is authoritative and changed by compare-and-set. The reverse entry has a copy, so that
 * segments which change nothing read only their own entry. Allocation: none.
 */
public final class TcpTracker {
    private static final int KIND_SYN = 0;
    private static final int KIND_SYN_ACK = 1;
    private static final int KIND_FIN = 2;
    private static final int KIND_ACK = 3;
    private static final int KIND_NONE = 4;
    private static final int KINDS = 5;
    private static final int KINDS_SHIFT = 3;
    private static final int REVERSE_BIT = 1 << 7;
    private static final int WINDOW = 1 << 24;
    private static final byte[] NEXT = new byte[2 * REVERSE_BIT];

    static {
        for (int state = 0; state < FlowState.COUNT; state++) {
            for (int kind = 0; kind < KINDS; kind++) {
                NEXT[index(state, kind, false)] = (byte) next(state, kind, false);
                NEXT[index(state, kind, true)] = (byte) next(state, kind, true);
            }
        }
    }

    private TcpTracker() {
    }

    /** State of a flow whose first segment has these flags; {@link FlowState#NONE} when the segment creates no flow (RST, no flags). */
    public static int firstState(int tcpFlags) {
        if ((tcpFlags & TcpHeader.RST) != 0) { return NONE; }
        return switch (kind(tcpFlags)) {
            case KIND_SYN -> SYN_SENT;
            case KIND_SYN_ACK -> SYN_RECV;
            case KIND_FIN -> FIN_WAIT;
            case KIND_ACK -> ESTABLISHED;
            default -> NONE;
        };
    }

    /** Whether a segment opens a connection: SYN without ACK. */
    public static boolean isOpening(int tcpFlags) {
        return (tcpFlags & (TcpHeader.SYN | TcpHeader.ACK | TcpHeader.RST)) == TcpHeader.SYN;
    }

    /**
     * Whether a SYN of either side on this flow opens another connection, to which the flow's decisions do not apply: both sides have sent
     * FIN, or one a RST. A doubtful RST counts too, because a host that sends a SYN after it has no connection.
     *
     * @param meta of the flow's entry
     */
    public static boolean isOver(int meta) {
        return FlowState.isFinished(FlowEntry.stateOf(meta)) || FlowEntry.hasFlag(meta, FlowEntry.RST_SEEN);
    }

    /**
     * Updates the state for one segment. Call it for each segment of a flow, including the first, but not for the SYN of another
     * connection.
     *
     * @param entry of the segment's direction
     * @param tcpFlags byte 13 of the header
     * @param sequence number of the segment
     * @param acknowledgement number, with or without the ACK flag
     */
    public static void onSegment(FlowTable table, long entry, int tcpFlags, int sequence, int acknowledgement) {
        int meta = FlowEntry.meta(entry);
        if ((tcpFlags & TcpHeader.RST) != 0) {
            onReset(table, entry, sequence);
            return;
        }
        if ((tcpFlags & TcpHeader.ACK) != 0) {
            FlowEntry.setLastAck(entry, acknowledgement);
        }
        int kind = kind(tcpFlags);
        int state = FlowEntry.stateOf(meta);
        boolean reverse = FlowEntry.hasFlag(meta, FlowEntry.REVERSE);
        if (NEXT[index(state, kind, reverse)] != state || FlowEntry.hasFlag(meta, FlowEntry.RST_SEEN)) {
            transition(table, entry, reverse, kind);
        }
    }

    private static void transition(FlowTable table, long entry, boolean reverse, int kind) {
        long peer = table.peer(entry);
        if (peer == 0) { return; }
        long forward = reverse ? peer : entry;
        int before;
        int after;
        do {
            before = FlowEntry.meta(forward);
            int state = FlowEntry.stateOf(before);
            after = FlowEntry.withoutFlag(FlowEntry.withState(before, NEXT[index(state, kind, reverse)]),
                FlowEntry.RST_SEEN);
        } while (!FlowEntry.compareAndSetMeta(forward, before, after));
        FlowEntry.copySharedMeta(forward, reverse ? entry : peer);
    }

    private static void onReset(FlowTable table, long entry, int sequence) {
        long peer = table.peer(entry);
        if (peer == 0) { return; }
        boolean reverse = FlowEntry.isReverse(entry);
        long forward = reverse ? peer : entry;
        int expected = FlowEntry.lastAck(peer);
        int before;
        int after;
        do {
            before = FlowEntry.meta(forward);
            after = afterReset(before, sequence, expected);
        } while (!FlowEntry.compareAndSetMeta(forward, before, after));
        FlowEntry.copySharedMeta(forward, reverse ? entry : peer);
    }

    private static int afterReset(int meta, int sequence, int expected) {
        boolean opening = FlowState.isHalfOpen(FlowEntry.stateOf(meta));
        if (sequence == expected || expected == 0 || opening && sequence == 0) {
            return FlowEntry.withState(meta, CLOSE);
        }
        int ahead = sequence - expected;
        return ahead > 0 && ahead <= WINDOW ? FlowEntry.withFlag(meta, FlowEntry.RST_SEEN) : meta;
    }

    // -- state machine ---------------------------------------------------------------------------------------------------------

    private static int kind(int tcpFlags) {
        if ((tcpFlags & TcpHeader.SYN) != 0) { return (tcpFlags & TcpHeader.ACK) != 0 ? KIND_SYN_ACK : KIND_SYN; }
        if ((tcpFlags & TcpHeader.FIN) != 0) { return KIND_FIN; }
        return (tcpFlags & TcpHeader.ACK) != 0 ? KIND_ACK : KIND_NONE;
    }

    private static int index(int state, int kind, boolean reverse) {
        return (reverse ? REVERSE_BIT : 0) | state << KINDS_SHIFT | kind;
    }

    private static int next(int state, int kind, boolean reverse) {
        return switch (kind) {
            case KIND_SYN -> afterSyn(state, reverse);
            case KIND_SYN_ACK -> afterSynAck(state, reverse);
            case KIND_FIN -> afterFin(state);
            case KIND_ACK -> afterAck(state, reverse);
            default -> state;
        };
    }

    private static int afterSyn(int state, boolean reverse) {
        return switch (state) {
            case SYN_SENT -> reverse ? SYN_SENT2 : SYN_SENT;
            default -> state;
        };
    }

    private static int afterSynAck(int state, boolean reverse) {
        return switch (state) {
            case SYN_SENT -> reverse ? SYN_RECV : SYN_SENT;
            case SYN_SENT2 -> SYN_RECV;
            default -> state;
        };
    }

    private static int afterFin(int state) {
        return switch (state) {
            case SYN_RECV, ESTABLISHED -> FIN_WAIT;
            case FIN_WAIT, CLOSE_WAIT -> LAST_ACK;
            default -> state;
        };
    }

    private static int afterAck(int state, boolean reverse) {
        return switch (state) {
            case SYN_RECV -> reverse ? SYN_RECV : ESTABLISHED;
            case FIN_WAIT -> CLOSE_WAIT;
            case LAST_ACK -> TIME_WAIT;
            default -> state;
        };
    }
}
