package io.weft.dataplane.explain;

import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.MappedMemory;
import java.util.List;

/**
 * A flow table that one run may change, with the SNAT ports that its flows own.
 *
 * @param memory what to unmap afterwards
 */
public record PrivateFlows(FlowTable table, SnatPorts snatPorts, List<MappedMemory> memory) implements AutoCloseable {
    @Override
    public void close() {
        memory.forEach(MappedMemory::close);
    }
}
