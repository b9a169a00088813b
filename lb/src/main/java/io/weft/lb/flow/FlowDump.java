package io.weft.lb.flow;

import io.weft.encap.memory.Memory;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Reads a flow table that another process uses; the region may be mapped read-only. Checks the header against the region's size before it
 * trusts anything else. Skips an entry that changes while it is copied.
 *
 * <p>Threads: any. Allocation: yes.
 */
public final class FlowDump {
    private final FlowTable table;

    /**
     * @param address of the region
     * @param size of the region in bytes
     * @throws IllegalArgumentException when the region holds no flow table of this layout
     */
    public FlowDump(long address, long size) {
        table = FlowTable.open(address, size);
    }

    public long count(FlowCounter counter) {
        return table.count(counter);
    }

    public long maxFlows() {
        return table.maxFlows();
    }

    public long incarnation() {
        return table.incarnation();
    }

    /** Number of slots, for {@link #scan}. */
    public int slotCount() {
        return table.slotCount();
    }

    /** Every entry in use, two per flow, in no order. Flows created or ended meanwhile may be missing. */
    public void forEach(Consumer<FlowRecord> consumer) {
        int _ = scan(0, slotCount(), flow -> {
            consumer.accept(flow);
            return true;
        });
    }

    /**
     * The entries in a range of slots, until the consumer wants no more. An entry keeps its slot until its flow ends, so scans that continue
     * where the last one ended visit every entry once that exists throughout.
     *
     * @param from first slot
     * @param to slot after the last, at most {@link #slotCount}
     * @param wantsMore receives an entry; returns false to end the scan
     * @return the slot to continue at
     */
    public int scan(int from, int to, Predicate<FlowRecord> wantsMore) {
        for (int i = from; i < to; i++) {
            long slot = table.slot(i);
            long k1 = Memory.getAcquireI64(slot + FlowEntry.K1);
            if (SlotMark.isKey(k1)) {
                FlowRecord copy = copy(slot, k1);
                VarHandle.acquireFence();
                if (FlowEntry.k1(slot) == k1 && !wantsMore.test(copy)) { return i + 1; }
            }
        }
        return to;
    }

    private FlowRecord copy(long slot, long k1) {
        long k0 = FlowEntry.k0(slot);
        int meta = FlowEntry.meta(slot);
        return new FlowRecord(FlowKey.protocol(k1), FlowKey.source(k0), FlowKey.sourcePort(k1), FlowKey.destination(k0),
            FlowKey.destinationPort(k1), FlowEntry.newSrc(slot), FlowEntry.newSport(slot), FlowEntry.newDst(slot),
            FlowEntry.newDport(slot), FlowEntry.stateOf(meta), FlowEntry.flagsOf(meta), FlowEntry.egress(slot),
            FlowEntry.ingressOf(meta), table.clockSeconds() - FlowEntry.lastSeen(slot), FlowEntry.packets(slot),
            FlowEntry.bytes(slot));
    }
}
