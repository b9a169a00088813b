package io.weft.lb.nat;

import io.weft.lb.TestMemory;
import io.weft.lb.flow.Epochs;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTemplate;
import io.weft.lb.flow.FlowTimeouts;

/** A flow table without workers, and memory for the ports of masqueraded flows. */
final class NatFixture implements AutoCloseable {
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ICMP = 1;
    static final int NODE = 0xC000_0201;
    static final int POD = 0x0AF4_0105;
    static final int OUT = 0xC633_6407;

    final TestMemory memory = new TestMemory();
    final FlowTable table;
    final long bitmaps = memory.allocate(SnatPorts.BITMAPS_LENGTH);
    final FlowTemplate template = new FlowTemplate();

    private static final class NoWorkers implements Epochs {
        @Override
        public long current() {
            return 1;
        }

        @Override
        public boolean passed(long epoch) {
            return true;
        }
    }

    NatFixture(int maxFlows) {
        long size = FlowTable.sizeFor(maxFlows);
        table = FlowTable.create(memory.allocate(size), size, maxFlows, 1);
    }

    /** Ends flows and releases their ports. */
    FlowExpiry expiry(SnatPorts ports) {
        return new FlowExpiry(table, FlowTimeouts.defaults(), new NoWorkers(),
            (forward, k0, k1) -> SourceNat.onEnd(ports, forward, k0, k1));
    }

    @Override
    public void close() {
        memory.close();
    }
}
