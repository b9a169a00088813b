package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.port.UplinkFilter;
import io.weft.dataplane.state.Adjacencies;
import io.weft.dataplane.state.ForwardingState;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesWriter;
import io.weft.dataplane.worker.Epochs;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.nativebindings.linux.MappedMemory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real tables, followed as the conductor does, in front of a filter that notes what it is told. */
class UplinkFrontendsTest {
    private static final LocalNode LOCAL = FlowNode.local("192.0.2.11", "10.244.1.0/24");

    @TempDir private Path directory;
    private final MappedMemory slots = MappedMemory.anonymous(4L * Adjacencies.SLOT_BYTES, false);
    private final ForwardingState state = new ForwardingState(new Adjacencies(slots.address(), 4, 4));
    private final Filter filter = new Filter();
    private long scans;
    private final UplinkFrontends frontends = new UplinkFrontends(state, filter, () -> scans);
    private TablesWatch watch;
    private TablesWriter writer;
    private long now = System.nanoTime();

    @BeforeEach
    void open() {
        watch = new TablesWatch(directory, state, new Epochs(1));
        writer = TablesWriter.create(directory, new TablesSizing(1 << 20), () -> Long.MAX_VALUE);
        writer.putLocal(LOCAL);
        follow();
    }

    @AfterEach
    void close() {
        watch.close();
        writer.close();
        slots.close();
    }

    /** Takes over what was written since, much later. */
    private void follow() {
        writer.commit();
        now += TimeUnit.MINUTES.toNanos(1);
        watch.poll(now).ifPresent(update -> {
            frontends.configure(update.tables().local().orElseThrow());
            frontends.tablesChanged(update);
        });
        frontends.pass(now);
    }

    private static ServiceKey key(String ip, int port) {
        return new ServiceKey(IpAddress.of(ip), port, IpProtocol.IPPROTO_TCP);
    }

    private void put(ServiceKey key) {
        writer.services().put(new ServiceSpec(key, FrontendKind.EXTERNAL_IP, "default/web:http", false, false, 0,
            List.of(), List.of()));
    }

    /** Following the tables is throttled; meanwhile a newer generation is not in use by all. */
    @Test
    void itIsCurrentOnceTheFilterHasWhatTheTablesSay() {
        put(key("203.0.113.80", 80));
        follow();
        assertTrue(frontends.isCurrent());
        put(key("203.0.113.81", 80));
        writer.commit();
        watch.poll(now).ifPresent(frontends::tablesChanged);
        frontends.pass(System.nanoTime() - TimeUnit.HOURS.toNanos(1));
        assertFalse(frontends.isCurrent());
        assertEquals(1, frontends.size());
        frontends.pass(now);
        assertTrue(frontends.isCurrent());
        assertEquals(2, frontends.size());
        put(key("10.96.0.9", 80));
        writer.commit();
        watch.poll(now).ifPresent(frontends::tablesChanged);
        assertTrue(frontends.isCurrent(), "ClusterIPs are all taken anyway");
    }

    @Test
    void whatTheFilterHasNoRoomForIsCountedUntilThereIsRoom() {
        filter.room = 2;
        for (int port = 80; port < 85; port++) {
            put(key("203.0.113.80", port));
        }
        follow();
        assertEquals(2, frontends.size());
        assertEquals(3, frontends.leftOut());
        for (String taken : List.copyOf(filter.taken)) {
            writer.services().remove(key("203.0.113.80", Integer.parseInt(taken.substring(taken.indexOf(':') + 1))));
        }
        follow();
        assertEquals(2, filter.taken.size(), "packets of their flows may still come");
        scans = 2;
        frontends.pass(now);
        follow();
        follow();
        assertEquals(2, frontends.size());
        assertEquals(1, frontends.leftOut());
    }

    private static final class Filter implements UplinkFilter {
        private final TreeSet<String> taken = new TreeSet<>();
        private final List<IpPrefix> serviceCidrs = new ArrayList<>();
        private int room = Integer.MAX_VALUE;

        @Override
        public void setTarget(int nodeAddress, int tunnelProtocol, int tunnelPort) {
            // not asked here
        }

        @Override
        public long snatBitmaps() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setServiceCidrs(List<IpPrefix> prefixes) {
            serviceCidrs.clear();
            serviceCidrs.addAll(prefixes);
        }

        @Override
        public boolean addFrontend(int address, int port, int protocol) {
            return taken.size() < room && taken.add(IpAddress.ipv4(address) + ":" + port);
        }

        @Override
        public int maxFrontends() {
            return room;
        }

        @Override
        public void removeFrontend(int address, int port, int protocol) {
            taken.remove(IpAddress.ipv4(address) + ":" + port);
        }
    }
}
