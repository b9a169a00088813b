package io.weft.dataplane.conductor;

import io.weft.dataplane.config.ManagementPorts;
import io.weft.dataplane.forwarding.Ingress;
import io.weft.dataplane.port.UplinkFilter;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.ChangedAddresses;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.TablesUpdate;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.address.Ipv4Address;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowEntry;
import io.weft.lb.flow.FlowKey;
import io.weft.lb.service.FrontendKind;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * Keeps the frontends that the uplink's filter takes in line with the tables and the node's addresses.
 *
 * <p>A frontend enters the filter after the workers can find it: lookups go to the published tables themselves, so a packet that the filter
 * takes now meets a worker that sees the Service. It leaves the filter after its last flow from the underlay has ended, as two scans of the
 * flow table show; otherwise the kernel would reset established connections. New connections to a frontend that is leaving are passed to the
 * node's stack.
 *
 * <p>No frontend takes the ports of the node's own services ({@link ManagementPorts}, the tunnel's port) on the node's own addresses. The
 * control plane does not publish such frontends; this is the last guard.
 *
 * <p>Thread: the conductor. Cold code.
 */
final class UplinkFrontends implements FlowObserver {
    private static final Logger LOG = System.getLogger(UplinkFrontends.class.getName());
    /** Changes that come at once are followed together; while they keep coming, following them takes a tenth of the time. */
    private static final long MIN_PAUSE_NANOS = 10_000_000;
    private static final int PAUSE_FACTOR = 9;
    private static final long NOT_LEAVING = Long.MAX_VALUE;

    private final ForwardingState state;
    private final UplinkFilter filter;
    private final LongSupplier scans;
    /** Frontends of the filter. The value is the number of scans when the last flow of a leaving one was seen. */
    private final Map<Long, Long> taken = new HashMap<>();
    private LocalNode local;
    private int leaving;
    private boolean stale;
    private long pauseEnd = System.nanoTime();
    private int leftOut;

    /** @param scans number of times that the flow table has been scanned to its end */
    UplinkFrontends(ForwardingState state, UplinkFilter filter, LongSupplier scans) {
        this.state = state;
        this.filter = filter;
        this.scans = scans;
    }

    // -- what has changed --------------------------------------------------------------------------------------------

    /** What the tables say of the node. */
    void configure(LocalNode node) {
        local = node;
        stale = true;
        filter.setServiceCidrs(node.serviceCidrs());
    }

    /** Frontends matter that are not in a service CIDR. */
    void tablesChanged(TablesUpdate update) {
        ChangedAddresses changed = update.services();
        stale |= changed.isEverything();
        if (!stale) {
            changed.forEach((base, length) -> stale |= !isInServiceCidr(base));
        }
    }

    /** The node's own addresses. */
    void addressesChanged() {
        stale = true;
    }

    // -- following it ------------------------------------------------------------------------------------------------

    /** Whether the filter takes what the tables say, as far as there is room. */
    boolean isCurrent() { return !stale; }

    void pass(long nowNanos) {
        if (stale && local != null && nowNanos - pauseEnd >= 0) {
            stale = false;
            long start = System.nanoTime();
            follow();
            long end = System.nanoTime();
            pauseEnd = end + Math.max(MIN_PAUSE_NANOS, PAUSE_FACTOR * (end - start));
        }
        if (leaving > 0) {
            removeEnded();
        }
    }

    /** Number of frontends in the filter. */
    int size() {
        return taken.size();
    }

    /** Number of frontends for which the filter has no room: packets from outside do not reach them. */
    int leftOut() {
        return leftOut;
    }

    private void follow() {
        Set<Long> wanted = wanted();
        int missing = 0;
        for (long key : wanted) {
            Long since = taken.get(key);
            if (since != null || filter.addFrontend(address(key), port(key), protocol(key))) {
                leaving -= since != null && since != NOT_LEAVING ? 1 : 0;
                taken.put(key, NOT_LEAVING);
            } else {
                missing++;
            }
        }
        taken.replaceAll((key, since) -> since == NOT_LEAVING && !wanted.contains(key) ? leave() : since);
        report(missing);
    }

    private long leave() {
        leaving++;
        return scans.getAsLong();
    }

    private void report(int missing) {
        if (missing != leftOut && missing > 0) {
            LOG.log(Level.ERROR,
                "the uplink''s filter is full: {0} frontends of Services are not reachable from outside",
                missing);
        }
        leftOut = missing;
    }

    private Set<Long> wanted() {
        int[] own = ownAddresses();
        int[] ofNodePorts = IntStream.of(own).filter(this::isForNodePorts).toArray();
        Set<Long> wanted = new HashSet<>();
        state.tables().services().forEachKey((vip, port, protocol, kind) -> {
            if (protocol != IpProtocol.IPPROTO_TCP && protocol != IpProtocol.IPPROTO_UDP) { return; }
            if (vip == 0) {
                for (int address : kind == FrontendKind.NODE_PORT ? ofNodePorts : own) {
                    add(wanted, address, port, protocol, true);
                }
            } else if (!isInServiceCidr(vip) && !Ipv4Address.isLoopback(vip)) {
                add(wanted, vip, port, protocol, isOwn(vip, own));
            }
        });
        return wanted;
    }

    private void add(Set<Long> wanted, int address, int port, int protocol, boolean own) {
        if (!own || !isReserved(port, protocol)) {
            wanted.add(key(address, port, protocol));
        }
    }

    private boolean isReserved(int port, int protocol) {
        return ManagementPorts.contains(protocol, port) || local.overlay().carries(protocol, port);
    }

    private int[] ownAddresses() {
        Set<Integer> own = new HashSet<>(Set.of(local.address().toInt(), local.base().toInt(),
            local.gateway().toInt()));
        for (int address : state.localAddresses().toArray()) {
            own.add(address);
        }
        return own.stream().mapToInt(Integer::intValue).filter(address -> !Ipv4Address.isLoopback(address)).toArray();
    }

    private static boolean isOwn(int address, int[] own) {
        for (int each : own) {
            if (each == address) { return true; }
        }
        return false;
    }

    private boolean isForNodePorts(int address) {
        return local.services().nodePortAddresses().stream().anyMatch(range -> contains(range, address));
    }

    private boolean isInServiceCidr(int address) {
        return local != null && local.serviceCidrs().stream().anyMatch(cidr -> contains(cidr, address));
    }

    private static boolean contains(IpPrefix prefix, int address) {
        return Ipv4Address.isInside(address, prefix.base().toInt(), prefix.length());
    }

    // -- frontends that leave ----------------------------------------------------------------------------------------

    @Override
    public boolean isWatching() { return leaving > 0; }

    @Override
    public void onFlow(long forward) {
        if (!Ingress.isUnderlay(FlowEntry.ingress(forward))) { return; }
        long k1 = FlowEntry.k1(forward);
        long key = key(FlowKey.destination(FlowEntry.k0(forward)), FlowKey.destinationPort(k1), FlowKey.protocol(k1));
        taken.computeIfPresent(key, (_, since) -> since == NOT_LEAVING ? since : scans.getAsLong());
    }

    /** The first scan may have begun before the last flow was made or seen. */
    private void removeEnded() {
        long complete = scans.getAsLong() - 2;
        for (Iterator<Map.Entry<Long, Long>> all = taken.entrySet().iterator(); all.hasNext();) {
            Map.Entry<Long, Long> entry = all.next();
            if (entry.getValue() <= complete) {
                filter.removeFrontend(address(entry.getKey()), port(entry.getKey()), protocol(entry.getKey()));
                all.remove();
                leaving--;
                stale |= leftOut > 0;
            }
        }
    }

    private static long key(int address, int port, int protocol) {
        return (long) address << 32 | (long) port << 16 | protocol;
    }

    private static int address(long key) {
        return (int) (key >>> 32);
    }

    private static int port(long key) {
        return (int) (key >>> 16) & 0xFFFF;
    }

    private static int protocol(long key) {
        return (int) key & 0xFFFF;
    }
}
