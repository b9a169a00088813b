package io.weft.dataplane.counters;

import static io.weft.dataplane.counters.CounterLayout.*;

import io.weft.encap.memory.Memory;

/** What the conductor reports to readers of the counters file. Thread: the conductor only. Cold code. */
public final class ConductorCounters {
    private final long gauges;
    private final long texts;
    private final long ports;
    private final long adjacencies;
    private final int portCount;
    private final int adjacencyCount;

    ConductorCounters(long file) {
        gauges = file + Memory.nativeI64(file + H_CONDUCTOR_AT);
        texts = gauges + (long) ConductorGauge.count() * CELL;
        ports = file + Memory.nativeI64(file + H_PORTS_AT);
        adjacencies = file + Memory.nativeI64(file + H_ADJACENCIES_AT);
        portCount = Memory.nativeI32(file + H_PORTS);
        adjacencyCount = Memory.nativeI32(file + H_ADJACENCIES);
    }

    public void set(ConductorGauge gauge, long value) {
        Memory.setOpaqueI64(gauges + (long) gauge.ordinal() * CELL, value);
    }

    public void add(ConductorGauge gauge, long amount) {
        set(gauge, Memory.nativeI64(gauges + (long) gauge.ordinal() * CELL) + amount);
    }

    public void set(ConductorText text, String value) {
        long at = texts + (long) text.ordinal() * TEXT_STRIDE;
        SequencedBlock.write(at, () -> SequencedBlock.putText(at + TEXT_AT, TEXT_BYTES, value));
    }

    public void port(PortStatus port) {
        long at = ports + (long) checked(port.id(), portCount, "port") * PORT_STRIDE;
        SequencedBlock.write(at, () -> {
            Memory.putNativeI32(at + P_STATE, port.state().ordinal());
            Memory.putNativeI32(at + P_IFINDEX, port.ifindex());
            Memory.putNativeI32(at + P_QUEUES, port.queues());
            Memory.putNativeI64(at + P_ATTACH_ID, port.attachId());
            SequencedBlock.putText(at + P_NAME, P_NAME_BYTES, port.name());
            SequencedBlock.putText(at + P_MODE, P_MODE_BYTES, port.mode());
            SequencedBlock.putText(at + P_REASON, P_REASON_BYTES, port.reason());
        });
    }

    public void adjacency(AdjacencyStatus adjacency) {
        long at = adjacencies + (long) checked(adjacency.slot(), adjacencyCount, "adjacency") * ADJACENCY_STRIDE;
        SequencedBlock.write(at, () -> {
            Memory.putNativeI32(at + A_KIND, adjacency.kind().ordinal());
            Memory.putNativeI32(at + A_IP, adjacency.ip());
            Memory.putNativeI32(at + A_NEXT_HOP, adjacency.nextHop());
            Memory.putNativeI32(at + A_RESOLVED, adjacency.resolved() ? 1 : 0);
            Memory.putNativeI32(at + A_IFINDEX, adjacency.ifindex());
            Memory.putNativeI64(at + A_MAC, adjacency.mac());
            SequencedBlock.putText(at + A_NAME, A_NAME_BYTES, adjacency.name());
        });
    }

    public void clearAdjacency(int slot) {
        adjacency(new AdjacencyStatus(slot, AdjacencyKind.NONE, 0, 0, false, 0, 0, ""));
    }

    private static int checked(int index, int count, String what) {
        if (index < 0 || index >= count) { throw new IndexOutOfBoundsException(what + " " + index + " of " + count); }
        return index;
    }
}
