package io.weft.lb.flow;

import io.weft.encap.memory.Memory;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;

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

    /** Every entry in use, two per flow, in no order. Flows created or ended meanwhile may be missing. */
    public void forEach(Consumer<FlowRecord> consumer) {
        for (int i = 0; i < table.slotCount(); i++) {
            long slot = table.slot(i);
            long k1 = Memory.getAcquireI64(slot + FlowEntry.K1);
            if (SlotMark.isKey(k1)) {
                FlowRecord copy = copy(slot, k1);
                VarHandle.acquireFence();
                if (FlowEntry.k1(slot) == k1) {
                    consumer.accept(copy);
                }
            }
        }
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
