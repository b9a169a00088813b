package io.weft.lb.nat;

import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowEnder;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;

/**
 * Creates flows with another source port than their client's, from {@value #FIRST_PORT} to 65535, because another flow from the same
 * source address and port to the same backend exists, so that replies could not be told apart. Only the backend sees the port, as with
 * conntrack (nf_nat_core.c, {@code get_unique_tuple}).
 *
 * <p>All flows from the source address pass the flow table, so the table alone says which ports are free; there is no pool, and each
 * backend's port has all {@value #PORTS} ports. The search order is:
 *
 * <ol>
 * <li>a few ports that the flow's hash gives: nearly always enough;
 * <li>for TCP, the port of a finished connection to the same backend: among those looked at, the one that has been silent longest;
 * <li>all ports, from one that the hash gives: so the last free port is found.
 * </ol>
 *
 * <p>The third step takes a few milliseconds if no port is free. After that, new flows to the same backend that need another port are
 * refused without a search for the rest of the second.
 *
 * <p>Threads: one per instance; the table is shared. Allocation: none.
 */
public final class SourcePortSearch {
    /** Result in addition to those of {@link FlowTable#insertPair}: no port is free for this backend. */
    public static final long NO_SOURCE_PORT = -6;

    static final int FIRST_PORT = 1024;
    static final int PORTS = 0x1_0000 - FIRST_PORT;

    private static final int FIRST_TRIES = 24;
    private static final int TAKE_OVER_TRIES = 64;
    private static final int MEMORY = 256;
    private static final int NEXT_HASH = 0x9E37_79B9;
    private static final int NONE = -1;

    private final FlowTable table;
    private final FlowEnder ender;
    private final long[] exhaustedAddresses = new long[MEMORY];
    private final long[] exhaustedPort = new long[MEMORY];
    private final int[] exhaustedSecond = new int[MEMORY];

    /** @param ender ends the flows whose ports are taken over */
    public SourcePortSearch(FlowTable table, FlowEnder ender) {
        this.table = table;
        this.ender = ender;
    }

    /**
     * Like {@link FlowTable#insertPair}, with a source port chosen here.
     *
     * @param hash of the forward key; selects the ports
     * @param template everything but the new source port
     * @return as {@code insertPair}, or {@link #NO_SOURCE_PORT}
     */
    public long insert(int hash, long k0, long k1, FlowTemplate template) {
        if (isKnownExhausted(k1, template)) { return NO_SOURCE_PORT; }
        long result = FlowTable.REVERSE_TAKEN;
        int start = hash;
        for (int i = 0; i < FIRST_TRIES && result == FlowTable.REVERSE_TAKEN; i++) {
            start += NEXT_HASH;
            result = tryPort(port(start, 0), hash, k0, k1, template);
        }
        if (result == FlowTable.REVERSE_TAKEN && FlowKey.protocol(k1) == IpProtocol.IPPROTO_TCP) {
            result = takeOver(start, hash, k0, k1, template);
        }
        for (int i = 0; i < PORTS && result == FlowTable.REVERSE_TAKEN; i++) {
            result = tryPort(port(start, i), hash, k0, k1, template);
        }
        if (result != FlowTable.REVERSE_TAKEN) { return result; }
        rememberExhausted(k1, template);
        return NO_SOURCE_PORT;
    }

    /** The ports from where a hash says, in ascending order and around. */
    private static int port(int hash, int offset) {
        int start = (int) ((hash & 0xFFFF_FFFFL) * PORTS >>> 32);
        return FIRST_PORT + (start + offset) % PORTS;
    }

    private long tryPort(int port, int hash, long k0, long k1, FlowTemplate template) {
        template.newSport = port;
        return ownerOf(k1, template) == 0 ? table.insertPair(hash, k0, k1, template) : FlowTable.REVERSE_TAKEN;
    }

    /** The entry that has the key of the template's reply direction, or 0. */
    private long ownerOf(long k1, FlowTemplate template) {
        return table.find(template.reverseK0(), template.reverseK1(k1));
    }

    private long takeOver(int start, int hash, long k0, long k1, FlowTemplate template) {
        long oldest = 0;
        int longest = -1;
        int port = NONE;
        for (int i = 0; i < TAKE_OVER_TRIES; i++) {
            template.newSport = port(start, i);
            long owner = ownerOf(k1, template);
            int idle = owner == 0 ? -1 : FinishedFlows.idleSeconds(table, owner, template.nowSeconds);
            if (idle > longest) {
                longest = idle;
                oldest = owner;
                port = template.newSport;
            }
        }
        return oldest != 0 && ender.endFinished(oldest)
            ? tryPort(port, hash, k0, k1, template)
            : FlowTable.REVERSE_TAKEN;
    }

    // -- backends without a free port -------------------------------------------------------------------------------------

    private boolean isKnownExhausted(long k1, FlowTemplate template) {
        int i = slot(k1, template);
        return exhaustedAddresses[i] == template.reverseK0() && exhaustedPort[i] == backendPort(k1, template)
            && exhaustedSecond[i] == template.nowSeconds;
    }

    private void rememberExhausted(long k1, FlowTemplate template) {
        int i = slot(k1, template);
        exhaustedAddresses[i] = template.reverseK0();
        exhaustedPort[i] = backendPort(k1, template);
        exhaustedSecond[i] = template.nowSeconds;
    }

    private static long backendPort(long k1, FlowTemplate template) {
        return FlowKey.k1(template.newDport, 0, FlowKey.protocol(k1));
    }

    private static int slot(long k1, FlowTemplate template) {
        return FlowHash.hash(template.reverseK0(), backendPort(k1, template)) & MEMORY - 1;
    }
}
