package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.CounterFile;
import io.weft.dataplane.counters.CounterSizing;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.worker.Epochs;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.MappedMemory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** {@code weft show counters} says how many ports of {@code snat.ports} are in use. */
class SnatPortsGaugeTest {
    private static final int FLOWS = 64;
    private static final int ADJACENCIES = 8;

    @Test
    void theGaugeFollowsThePool() {
        try (CounterFile counters = CounterFile.inMemory(new CounterSizing(1, 16, ADJACENCIES));
            MappedMemory flowMemory = MappedMemory.anonymous(FlowTable.sizeFor(FLOWS), false);
            MappedMemory bitmaps = MappedMemory.anonymous(SnatPorts.BITMAPS_LENGTH, false);
            MappedMemory slots = MappedMemory.anonymous((long) ADJACENCIES * Adjacencies.SLOT_BYTES, false)) {
            SnatPorts ports = new SnatPorts(bitmaps.address(), 61_000, 61_999);
            ConntrackGc gc = new ConntrackGc(FlowTable.create(flowMemory.address(), flowMemory.size(), FLOWS, 1), ports,
                new ForwardingState(new Adjacencies(slots.address(), ADJACENCIES, 4)), new Epochs(1),
                counters.conductor());
            ports.acquire(IpProtocol.IPPROTO_TCP, 61_000);
            ports.acquire(IpProtocol.IPPROTO_TCP, 61_000);
            ports.acquire(IpProtocol.IPPROTO_UDP, 61_999);
            gc.scan(System.nanoTime() + TimeUnit.SECONDS.toNanos(1));
            assertEquals(2, counters.reader().gauge(ConductorGauge.SNAT_PORTS_USED));

            ports.release(IpProtocol.IPPROTO_UDP, 61_999);
            gc.scan(System.nanoTime() + TimeUnit.SECONDS.toNanos(2));
            assertEquals(1, counters.reader().gauge(ConductorGauge.SNAT_PORTS_USED));
        }
    }
}
