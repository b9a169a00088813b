package io.weft.dataplane.node;

import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.Layer4;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;

/**
 * Tells fragments of translated flows: replies of a Service's backend, whose destination does not tell. A first fragment has ports, so its flow
 * can be asked; that it is translated is remembered for the fragments that follow it, in a small table in which a newer datagram replaces
 * an older one.
 *
 * <p>Thread: one worker. Allocation: none after construction.
 */
public final class FragmentNat {
    private static final int CAPACITY = 256;
    /** Reassembly time of Linux, ipfrag_time. */
    private static final int LIFE_SECONDS = 30;
    private static final int ADDRESS_TRANSLATION = FlowEntry.DNAT | FlowEntry.SNAT;

    private final FlowTable flows;
    private final long[] addresses = new long[CAPACITY];
    private final int[] datagram = new int[CAPACITY];
    private final int[] until = new int[CAPACITY];

    public FragmentNat(FlowTable flows) {
        this.flows = flows;
    }

    boolean isTranslated(long ip, long l4, int nowSeconds) {
        long pair = Ipv4Header.addresses(ip);
        int identity = Ipv4Header.id(ip) << 8 | Ipv4Header.protocol(ip);
        int slot = FlowHash.hash(pair, identity) & (CAPACITY - 1);
        if (Ipv4Header.isLaterFragment(ip)) {
            return addresses[slot] == pair && datagram[slot] == identity && until[slot] - nowSeconds > 0;
        }
        if (!isFlowTranslated(ip, l4, pair)) { return false; }
        addresses[slot] = pair;
        datagram[slot] = identity;
        until[slot] = nowSeconds + LIFE_SECONDS;
        return true;
    }

    private boolean isFlowTranslated(long ip, long l4, long pair) {
        int protocol = Ipv4Header.protocol(ip);
        if (protocol != IpProtocol.IPPROTO_TCP && protocol != IpProtocol.IPPROTO_UDP) { return false; }
        long k1 = FlowKey.ofPorts(Layer4.ports(l4), protocol);
        long flow = flows.find(FlowHash.hash(pair, k1), pair, k1);
        return flow != 0 && (FlowEntry.flags(flow) & ADDRESS_TRANSLATION) != 0;
    }
}
