package io.weft.dataplane.state;

import io.weft.dataplane.counters.TunnelCounters;
import io.weft.dataplane.table.ForwardingTables;
import io.weft.dataplane.table.LocalNode;
import io.weft.encap.tunnel.Encapsulation;

/**
 * The time of one batch and the versions of the tables that all its frames see. The nodes of one graph share it.
 *
 * <p>Thread: one worker, or the conductor when it compares flows. Allocation: only after other tables were published, for its own reader
 * and the node's addresses.
 */
public final class BatchContext {
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final ForwardingState state;
    private ForwardingTables published;
    private ForwardingTables tables;
    private LocalNode local;
    private LocalNode4 local4;
    private TunnelCounters tunnelCounters = TunnelCounters.of(Encapsulation.VXLAN);
    private PortDirectory ports;
    private int minMtu;
    private long nowNanos;
    private int nowSeconds;
    private int nowMillis;

    public BatchContext(ForwardingState state) {
        this.state = state;
    }

    /**
     * Takes the current versions.
     *
     * @param nanos {@code System.nanoTime}
     * @return false if no tables have been published yet
     */
    @SuppressWarnings("ReferenceEquality") // each version is an object of its own
    public boolean begin(long nanos) {
        nowNanos = nanos;
        nowSeconds = (int) (nanos / NANOS_PER_SECOND);
        nowMillis = (int) (nanos / NANOS_PER_MILLI);
        ports = state.ports();
        ForwardingTables current = state.tables();
        if (current != published) {
            ForwardingTables own = current == null ? null : current.forWorker();
            local = current == null ? null : own.local();
            if (local != null) {
                local4 = new LocalNode4(local);
                tunnelCounters = TunnelCounters.of(local.overlay().encapsulation());
            }
            tables = own;
            published = current; // last: if one of these throws, the next batch tries again
        }
        minMtu = local == null ? 0 : Math.min(local.offNodeMtu(), ports.minMtu());
        return local != null;
    }

    public ForwardingState state() {
        return state;
    }

    public ForwardingTables tables() {
        return tables;
    }

    public LocalNode local() {
        return local;
    }

    /** {@link #local} in the form in which packets are compared with it. */
    public LocalNode4 local4() {
        return local4;
    }

    /** The names under which tunnelled frames are counted; before the first tables, those of VXLAN. */
    public TunnelCounters tunnelCounters() {
        return tunnelCounters;
    }

    /** The smallest MTU of all ports and of paths to other nodes: an IPv4 packet up to this length fits every egress. */
    public int minMtu() {
        return minMtu;
    }

    public PortDirectory ports() {
        return ports;
    }

    /** {@code System.nanoTime} of the batch. */
    public long nowNanos() {
        return nowNanos;
    }

    /** Whole seconds of the same clock. */
    public int nowSeconds() {
        return nowSeconds;
    }

    /** Milliseconds of the same clock; wraps around. */
    public int nowMillis() {
        return nowMillis;
    }

    /** Whether an address is the node's own: its address in the tables, the first of its pod CIDR, or one of the kernel's. */
    public boolean isOwnAddress(int address) {
        return address == local4.address() || address == local4.base() || state.localAddresses().contains(address);
    }
}
