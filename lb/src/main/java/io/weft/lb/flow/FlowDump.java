package io.weft.lb.flow;

import io.weft.encap.memory.Memory;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;

/**
 * Reads a flow table that another process works with; the region may be mapped read-only. The header is checked against the region's
 * size before anything else is believed; a line that changes while it is copied is skipped.
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

    /** Every live line, in no order: two a flow. Flows that come or go meanwhile may be missing. */
    public void forEach(Consumer<FlowRecord> consumer) {
        for (int i = 0; i < table.lineCount(); i++) {
            long line = table.line(i);
            long k1 = Memory.getAcquireI64(line + FlowEntry.K1);
            if (SlotMark.isKey(k1)) {
                FlowRecord copy = copy(line, k1);
                VarHandle.acquireFence();
                if (FlowEntry.k1(line) == k1) {
                    consumer.accept(copy);
                }
            }
        }
    }

    private FlowRecord copy(long line, long k1) {
        long k0 = FlowEntry.k0(line);
        int meta = FlowEntry.meta(line);
        return new FlowRecord(FlowKey.protocol(k1), FlowKey.source(k0), FlowKey.sourcePort(k1), FlowKey.destination(k0),
            FlowKey.destinationPort(k1), FlowEntry.newSrc(line), FlowEntry.newSport(line), FlowEntry.newDst(line),
            FlowEntry.newDport(line), FlowEntry.stateOf(meta), FlowEntry.flagsOf(meta), FlowEntry.egress(line),
            FlowEntry.ingressOf(meta), table.clockSeconds() - FlowEntry.lastSeen(line), FlowEntry.packets(line),
            FlowEntry.bytes(line));
    }
}
