package io.weft.lb.nat;

import io.weft.encap.hash.FlowHash;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowEndListener;
import io.weft.lb.flow.FlowEnder;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.flow.FlowRecord;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;

/**
 * Creates flows with a source port of the node. A port is free for a flow if no other flow to the same destination uses it. The search
 * order is:
 *
 * <ol>
 * <li>a few ports from where the flow's hash says: nearly always enough;
 * <li>a port that no flow uses at all, which the bitmaps of {@link SnatPorts} show for the whole pool;
 * <li>more ports from another start, which changes every second;
 * <li>for TCP, the port of a finished connection to the same destination: among those looked at, the one that has been silent longest
 * ({@link FinishedFlows}).
 * </ol>
 *
 * <p>A pod that has its share of a destination's ports ({@link SnatShares}) gets no further one, except that a new TCP connection may take
 * over the port of one of the pod's own finished connections. The port of a UDP or ICMP flow is never taken over: the flow keeps it until
 * it times out.
 *
 * <p>The work for one flow is bounded. After several failed searches for a destination, new flows to it are refused without a search for
 * the rest of the second.
 *
 * <p>Threads: one per instance; the table and the ports are shared. Allocation: none.
 */
public final class SourceNat {
    /** Result in addition to those of {@link FlowTable#insertPair}: no port is free for this destination. */
    public static final long SNAT_NO_PORT = -5;

    private static final int FIRST_TRIES = 8;
    private static final int UNUSED_TRIES = 4;
    private static final int LATER_TRIES = 64;
    private static final int TAKE_OVER_TRIES = 2;
    private static final int MEMORY = 256;
    /** Searches that may fail for a destination within a second. */
    private static final int FAILED_SEARCHES = 16;
    private static final int EVERY_POD = 0;
    private static final int NEXT_HASH = 0x9E37_79B9;

    private final FlowTable table;
    private final SnatPorts ports;
    private final FinishedFlows finished;
    private final long[] refusedDestination = new long[MEMORY];
    private final int[] refusedPod = new int[MEMORY];
    private final int[] refusedSecond = new int[MEMORY];
    private final int[] refusals = new int[MEMORY]; // in that second

    public SourceNat(FlowTable table, SnatPorts ports) {
        this(table, ports, (forward, k0, k1) -> onEnd(ports, forward, k0, k1));
    }

    /** @param ended told about the finished flows whose ports are taken over; it must do what {@link #onEnd} does */
    public SourceNat(FlowTable table, SnatPorts ports, FlowEndListener ended) {
        this.table = table;
        this.ports = ports;
        finished = new FinishedFlows(table, ports, new FlowEnder(table, ended));
    }

    /**
     * Like {@link FlowTable#insertPair}, with a port chosen here. The flow owns the port until {@link #onEnd}.
     *
     * @param template everything but the new source port (ICMP echo: the new identifier); the new source address is the node's
     * @return as {@code insertPair}, or {@link #SNAT_NO_PORT}; KEY_UNUSABLE for protocols without ports
     */
    public long insert(int hash, long k0, long k1, FlowTemplate template) {
        int protocol = FlowKey.protocol(k1);
        if (!SnatPorts.supports(protocol)) { return FlowTable.KEY_UNUSABLE; }
        template.flags |= FlowEntry.SNAT | FlowEntry.OWNS_PORT;
        int pod = FlowKey.source(k0);
        long destination = destination(template.newDst, template.newDport, protocol);
        boolean mayAcquire = ports.shares().mayAcquire(pod, destination, ports.available(protocol));
        int asker = mayAcquire ? EVERY_POD : pod;
        if (isKnownRefused(asker, destination, template.nowSeconds)) { return SNAT_NO_PORT; }
        long result = mayAcquire ? search(hash, k0, k1, template) : FlowTable.REVERSE_TAKEN;
        if (result == FlowTable.REVERSE_TAKEN && protocol == IpProtocol.IPPROTO_TCP) {
            result = takeOver(elsewhere(hash, template), k0, k1, template, !mayAcquire);
        }
        if (result != FlowTable.REVERSE_TAKEN) { return result; }
        rememberRefused(asker, destination, template.nowSeconds);
        return SNAT_NO_PORT;
    }

    /**
     * Must be called for each flow that ended, from {@code FlowEndListener}.
     *
     * @param forward its forward entry
     * @param k0 of the forward key
     * @param k1 of the forward key
     */
    public static void onEnd(SnatPorts ports, long forward, long k0, long k1) {
        if ((FlowEntry.flags(forward) & FlowEntry.OWNS_PORT) != 0) {
            int protocol = FlowKey.protocol(k1);
            ports.release(protocol, FlowEntry.newSport(forward));
            ports.shares().add(FlowKey.source(k0),
                destination(FlowEntry.newDst(forward), FlowEntry.newDport(forward), protocol), -1);
        }
    }

    /**
     * Notes the port of a flow that is in the table already, for a pool that was made after it.
     *
     * @param flow of either direction; one that owns no port of the pool is ignored
     */
    public static void onFound(SnatPorts ports, FlowRecord flow) {
        if ((flow.flags() & FlowEntry.OWNS_PORT) != 0 && !flow.isReverse()
            && ports.has(flow.newSourcePort()) && ports.acquire(flow.protocol(), flow.newSourcePort())) {
            ports.shares().add(flow.source(),
                destination(flow.newDestination(), flow.newDestinationPort(), flow.protocol()), 1);
        }
    }

    // -- free ports -------------------------------------------------------------------------------------------------

    /** @return {@link FlowTable#REVERSE_TAKEN} when no port was found */
    private long search(int hash, long k0, long k1, FlowTemplate template) {
        long result = tryPorts(hash, FIRST_TRIES, k0, k1, template);
        for (int i = 0; i < UNUSED_TRIES && result == FlowTable.REVERSE_TAKEN; i++) {
            int port = ports.unused(FlowKey.protocol(k1), hash + i * NEXT_HASH);
            if (port == SnatPorts.NONE) {
                break;
            }
            result = tryPort(port, k0, k1, template);
        }
        return result == FlowTable.REVERSE_TAKEN
            ? tryPorts(elsewhere(hash, template), LATER_TRIES, k0, k1, template)
            : result;
    }

    private long tryPorts(int hash, int tries, long k0, long k1, FlowTemplate template) {
        long result = FlowTable.REVERSE_TAKEN;
        for (int i = Math.min(tries, ports.size()) - 1; i >= 0 && result == FlowTable.REVERSE_TAKEN; i--) {
            result = tryPort(ports.candidate(hash, i), k0, k1, template);
        }
        return result;
    }

    private long tryPort(int port, long k0, long k1, FlowTemplate template) {
        int protocol = FlowKey.protocol(k1);
        setPort(template, protocol, port);
        long reverseK0 = template.reverseK0();
        long reverseK1 = template.reverseK1(k1);
        boolean free = table.find(FlowHash.hash(reverseK0, reverseK1), reverseK0, reverseK1) == 0;
        if (!free || !ports.acquire(protocol, port)) { return FlowTable.REVERSE_TAKEN; }
        long result = table.insertPair(FlowHash.hash(k0, k1), k0, k1, template);
        if (result < 0 || FlowTable.isAdopted(result)) {
            ports.release(protocol, port);
        } else {
            ports.shares().add(FlowKey.source(k0), destination(template.newDst, template.newDport, protocol), 1);
        }
        return result;
    }

    /** A sender that retries later tries other ports. */
    private static int elsewhere(int hash, FlowTemplate template) {
        return hash + (template.nowSeconds + 1) * NEXT_HASH;
    }

    private static void setPort(FlowTemplate template, int protocol, int port) {
        template.newSport = port;
        if (protocol == IpProtocol.IPPROTO_ICMP) {
            template.newDport = port;
        }
    }

    // -- ports of finished connections ----------------------------------------------------------------------------------

    /** @return {@link FlowTable#REVERSE_TAKEN} if there was none, or another thread was faster */
    private long takeOver(int hash, long k0, long k1, FlowTemplate template, boolean ownOnly) {
        int pod = ownOnly ? FlowKey.source(k0) : FinishedFlows.ANY_POD;
        long result = FlowTable.REVERSE_TAKEN;
        for (int i = 0; i < TAKE_OVER_TRIES && result == FlowTable.REVERSE_TAKEN; i++) {
            int port = finished.endOldest(hash, k1, template, pod);
            if (port != SnatPorts.NONE) {
                result = tryPort(port, k0, k1, template);
            }
        }
        return result;
    }

    // -- refused destinations -----------------------------------------------------------------------------------------------

    private boolean isKnownRefused(int pod, long destination, int second) {
        int i = slot(pod, destination);
        return isRemembered(i, pod, destination, second) && refusals[i] >= FAILED_SEARCHES;
    }

    private boolean isRemembered(int i, int pod, long destination, int second) {
        return refusedDestination[i] == destination && refusedPod[i] == pod && refusedSecond[i] == second;
    }

    private void rememberRefused(int pod, long destination, int second) {
        int i = slot(pod, destination);
        refusals[i] = isRemembered(i, pod, destination, second) ? refusals[i] + 1 : 1;
        refusedDestination[i] = destination;
        refusedPod[i] = pod;
        refusedSecond[i] = second;
    }

    private static int slot(int pod, long destination) {
        return FlowHash.hash(destination, pod) & MEMORY - 1;
    }

    /** Never 0. For ICMP both ports hold the identifier, which is not part of the destination. */
    private static long destination(int address, int port, int protocol) {
        int rest = protocol == IpProtocol.IPPROTO_ICMP ? 0 : port;
        return (long) address << 32 | (long) rest << 8 | protocol;
    }
}
