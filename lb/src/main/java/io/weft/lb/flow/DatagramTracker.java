package io.weft.lb.flow;

import io.weft.encap.packet.IpProtocol;

/**
 * Tracks the state of flows that are not TCP. A UDP flow becomes a stream, with the longer timeout, when a packet of either direction comes
 * after its first reply and more than {@link #STREAM_AFTER_MILLIS} after its first packet, as in Linux (nf_conntrack_udp_packet in
 * net/netfilter/nf_conntrack_proto_udp.c). So a query and its answer, even with a retry, hold a port for the short timeout only.
 *
 * <p>Threads: any number. Allocation: none.
 */
public final class DatagramTracker {
    /** Milliseconds after a UDP flow's first packet during which no packet makes it a stream. */
    public static final int STREAM_AFTER_MILLIS = 2000;

    private DatagramTracker() {
    }

    /** State of a new flow. */
    public static int firstState(int protocol) {
        return switch (protocol) {
            case IpProtocol.IPPROTO_UDP -> FlowState.UDP_UNREPLIED;
            case IpProtocol.IPPROTO_ICMP -> FlowState.ICMP_ECHO;
            default -> FlowState.GENERIC;
        };
    }

    /**
     * Updates the state for one packet.
     *
     * @param nowMillis of the clock of {@link FlowTemplate#bornMillis}
     */
    public static void onPacket(FlowTable table, long entry, int nowMillis) {
        int meta = FlowEntry.meta(entry);
        int next = next(meta, nowMillis - FlowEntry.bornMillis(entry));
        if (next != FlowEntry.stateOf(meta)) {
            advance(table, entry, FlowEntry.hasFlag(meta, FlowEntry.REVERSE), next);
        }
    }

    private static int next(int meta, int ageMillis) {
        int state = FlowEntry.stateOf(meta);
        if (state == FlowState.UDP_UNREPLIED && FlowEntry.hasFlag(meta, FlowEntry.REVERSE)) {
            return FlowState.UDP_REPLIED;
        }
        return state == FlowState.UDP_REPLIED && ageMillis > STREAM_AFTER_MILLIS ? FlowState.UDP_STREAM : state;
    }

    /** Only forwards: when two workers update the state at once, the older transition may come later. */
    private static void advance(FlowTable table, long entry, boolean reverse, int next) {
        long peer = table.peer(entry);
        if (peer == 0) { return; }
        long forward = reverse ? peer : entry;
        int before;
        do {
            before = FlowEntry.meta(forward);
        } while (FlowEntry.stateOf(before) != FlowState.UDP_STREAM
            && !FlowEntry.compareAndSetMeta(forward, before, FlowEntry.withState(before, next)));
        FlowEntry.copySharedMeta(forward, reverse ? entry : peer);
    }
}
