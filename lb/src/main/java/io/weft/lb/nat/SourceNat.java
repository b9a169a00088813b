package io.weft.lb.nat;

import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;

/**
 * Makes flows with a source port of the node: tries the ports of the range until one has a free reverse key.
 *
 * <p>A destination for which the whole range is used up is remembered for the running second, so that each further new flow to it is
 * refused without trying thousands of ports again.
 *
 * <p>Threads: one per instance; the table and the ports are shared. Allocation: none.
 */
public final class SourceNat {
    /** Result besides those of {@link FlowTable#insertPair}: every port is used for this destination, or blocked. */
    public static final long SNAT_NO_PORT = -5;

    private static final int MEMORY = 256;

    private final FlowTable table;
    private final SnatPorts ports;
    private final long[] exhaustedDestination = new long[MEMORY];
    private final long[] exhaustedRest = new long[MEMORY];
    private final int[] exhaustedSecond = new int[MEMORY];

    public SourceNat(FlowTable table, SnatPorts ports) {
        this.table = table;
        this.ports = ports;
    }

    /**
     * {@link FlowTable#insertPair} with a port chosen here; the flow owns it until {@link #onEnd}.
     *
     * @param template everything but the new source port (ICMP echo: the new identifier); the new source address is the node's
     * @return as {@code insertPair}, or {@link #SNAT_NO_PORT}; KEY_UNUSABLE for protocols without ports
     */
    public long insert(int hash, long k0, long k1, FlowTemplate template) {
        int protocol = FlowKey.protocol(k1);
        if (!SnatPorts.supports(protocol)) { return FlowTable.KEY_UNUSABLE; }
        if (isKnownExhausted(template, protocol)) { return SNAT_NO_PORT; }
        template.flags |= FlowEntry.SNAT | FlowEntry.OWNS_PORT;
        for (int attempt = 0; attempt < ports.size(); attempt++) {
            setPort(template, protocol, ports.candidate(hash, attempt));
            long result = tryPort(hash, k0, k1, protocol, template);
            if (result != FlowTable.REVERSE_TAKEN) { return result; }
        }
        rememberExhausted(template, protocol);
        return SNAT_NO_PORT;
    }

    /**
     * To be called for each flow that ended, from {@code FlowEndListener}.
     *
     * @param forward its forward entry
     * @param k1 of the forward key
     */
    public static void onEnd(SnatPorts ports, long forward, long k1) {
        if ((FlowEntry.flags(forward) & FlowEntry.OWNS_PORT) != 0) {
            ports.release(FlowKey.protocol(k1), FlowEntry.newSport(forward));
        }
    }

    private long tryPort(int hash, long k0, long k1, int protocol, FlowTemplate template) {
        long reverseK0 = template.reverseK0();
        long reverseK1 = template.reverseK1(k1);
        boolean free = table.find(FlowHash.hash(reverseK0, reverseK1), reverseK0, reverseK1) == 0;
        if (!free || !ports.acquire(protocol, template.newSport)) { return FlowTable.REVERSE_TAKEN; }
        long result = table.insertPair(hash, k0, k1, template);
        if (result < 0 || FlowTable.isAdopted(result)) {
            ports.release(protocol, template.newSport);
        }
        return result;
    }

    private static void setPort(FlowTemplate template, int protocol, int port) {
        template.newSport = port;
        if (protocol == IpProtocol.IPPROTO_ICMP) {
            template.newDport = port;
        }
    }

    // -- exhausted destinations ----------------------------------------------------------------------------------------------

    private boolean isKnownExhausted(FlowTemplate template, int protocol) {
        int i = slot(template, protocol);
        return exhaustedRest[i] == rest(template, protocol) && exhaustedDestination[i] == template.reverseK0()
            && exhaustedSecond[i] == template.nowSeconds;
    }

    private void rememberExhausted(FlowTemplate template, int protocol) {
        int i = slot(template, protocol);
        exhaustedDestination[i] = template.reverseK0();
        exhaustedRest[i] = rest(template, protocol);
        exhaustedSecond[i] = template.nowSeconds;
    }

    private static int slot(FlowTemplate template, int protocol) {
        return FlowHash.hash(template.reverseK0(), rest(template, protocol)) & MEMORY - 1;
    }

    /** Not 0, which is what an unused slot has. For ICMP the identifier stands in both ports and is no part of the destination. */
    private static long rest(FlowTemplate template, int protocol) {
        int port = protocol == IpProtocol.IPPROTO_ICMP ? 0 : template.newDport;
        return (long) port << 8 | protocol;
    }
}
