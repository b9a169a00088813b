package io.weft.lb.flow;

import io.weft.encap.packet.IpProtocol;

/** The state of flows that are not TCP. Threads: any number. Allocation: none. */
public final class DatagramTracker {
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

    /** Notes a packet: the first reply of a UDP flow gives it the longer timeout. */
    public static void onPacket(FlowTable table, long entry) {
        onPacket(table, entry, FlowEntry.meta(entry));
    }

    /** @param meta of the entry, just read */
    public static void onPacket(FlowTable table, long entry, int meta) {
        if (FlowEntry.stateOf(meta) == FlowState.UDP_UNREPLIED && FlowEntry.hasFlag(meta, FlowEntry.REVERSE)) {
            replied(table, entry);
        }
    }

    private static void replied(FlowTable table, long reverse) {
        long forward = table.peer(reverse);
        if (forward == 0) { return; }
        int before;
        do {
            before = FlowEntry.meta(forward);
        } while (!FlowEntry.compareAndSetMeta(forward, before, FlowEntry.withState(before, FlowState.UDP_REPLIED)));
        FlowEntry.copySharedMeta(forward, reverse);
    }
}
