package io.weft.perf.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.weft.encap.address.IpAddress;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.EthernetHeader;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.encap.tunnel.Tunnel;
import io.weft.encap.tunnel.TunnelTemplate;
import io.weft.encap.tunnel.VxlanHeader;
import io.weft.lb.nat.SnatPorts;
import io.weft.lb.service.Backend;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import io.weft.lb.service.ServiceTable;
import io.weft.lb.service.ServiceTableBuilder;
import io.weft.lb.table.PublishedMap;
import io.weft.lb.table.TableArena;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Publication of tables, templates and ports. */
final class TableStress {
    private TableStress() {
    }

    static class Region {
        static final int ROOT = 64;
        static final int LENGTH = 4096;
        final long base = StressMemory.take(LENGTH);
        final TableArena arena = new TableArena(base, 128, LENGTH);
    }

    /** A block is written before the map refers to it: a reader that finds the key finds a complete block. */
    @JCStressTest
    @Outcome(id = {"0, 0", "7, 7"}, expect = ACCEPTABLE, desc = "nothing yet, or complete")
    @Outcome(expect = FORBIDDEN, desc = "an incomplete block")
    @State
    public static class PublishBlock extends Region {
        private final PublishedMap map = new PublishedMap(arena, ROOT, 4);
        private final PublishedMap.Reader reader = new PublishedMap.Reader(base, LENGTH, ROOT);

        @Actor
        public void writer() {
            long block = arena.allocate(128);
            Memory.putNativeI32(arena.address(block), 7);
            Memory.putNativeI32(arena.address(block) + 124, 7);
            map.put(0, block);
        }

        @Actor
        public void reader(II_Result r) {
            long block = reader.get(0);
            if (block != PublishedMap.MISSING) {
                r.r1 = Memory.nativeI32(base + block);
                r.r2 = Memory.nativeI32(base + block + 124);
            }
        }
    }

    /** Values are replaced, removed and added again while the map grows: a reader sees a value of its key, never another key's. */
    @JCStressTest
    @Outcome(id = {"-1, 20", "10, 20",
        "11, 20"}, expect = ACCEPTABLE, desc = "a value of the key; the unchanged key always has its value")
    @Outcome(expect = FORBIDDEN, desc = "another key's value, or a missing key")
    @State
    public static class ReplaceAndGrow extends Region {
        private final PublishedMap map = new PublishedMap(arena, ROOT, 4);
        private final PublishedMap.Reader reader = new PublishedMap.Reader(base, LENGTH, ROOT);

        public ReplaceAndGrow() {
            map.put(1, 10);
            map.put(2, 20);
        }

        @Actor
        public void writer() {
            map.remove(1);
            for (int key = 3; key < 9; key++) {
                map.put(key, 30);
            }
            map.put(1, 11);
        }

        @Actor
        public void reader(II_Result r) {
            r.r1 = (int) reader.get(1);
            r.r2 = (int) reader.get(2);
        }
    }

    /** A service is replaced: a worker chooses from the old backends or from the new ones. */
    @JCStressTest
    @Outcome(id = {"101", "102"}, expect = ACCEPTABLE, desc = "the old backend or the new one")
    @Outcome(expect = FORBIDDEN, desc = "a backend that was in neither")
    @State
    public static class ReplaceService extends Region {
        private static final ServiceKey KEY = new ServiceKey(IpAddress.ipv4(1), 80, 6);
        private final ServiceTableBuilder builder = new ServiceTableBuilder(arena, ROOT, 2);
        private final ServiceTable table = new ServiceTable(base, LENGTH, ROOT);

        public ReplaceService() {
            builder.put(service(101));
        }

        @Actor
        public void writer() {
            builder.put(service(102));
        }

        @Actor
        public void reader(I_Result r) {
            long block = table.find(1, 80, 6);
            r.r1 = block == 0 ? 0 : Backend.ip(ServiceTable.choose(block, 0x7654_3210));
        }

        private static ServiceSpec service(int ip) {
            return new ServiceSpec(KEY, "a/b", List.of(Backend.ready(IpAddress.ipv4(ip), 80)));
        }
    }

    /** A tunnel's next hop changes: no frame leaves with half of each header. */
    @JCStressTest
    @Outcome(id = {"1", "2"}, expect = ACCEPTABLE, desc = "the old header or the new one")
    @Outcome(expect = FORBIDDEN, desc = "half of each")
    @State
    public static class ChangeTemplate {
        private static final int INNER_LENGTH = 60;
        private static final int INNER_ETHERNET = Encapsulation.VXLAN.overhead();
        private final long slot = StressMemory.take(1024);
        private final long packet = slot + 512;

        public ChangeTemplate() {
            write(1);
        }

        @Actor
        public void conductor() {
            write(2);
        }

        @Actor
        public void worker(I_Result r) {
            int headers = TunnelTemplate.encap(slot, packet, INNER_LENGTH, 0, 0);
            r.r1 = headers == 0 ? -1 : header(packet - headers);
        }

        private void write(int number) {
            TunnelTemplate.write(slot,
                new Tunnel(Encapsulation.VXLAN, number, number << 8, number, number << 8, number, number,
                    number, number << 8));
        }

        /** The number that all parts of the header were made from; -2 if they differ. */
        private static int header(long at) {
            int number = (int) EthernetHeader.destination(at);
            long ip = at + EthernetHeader.LENGTH;
            boolean whole = EthernetHeader.source(at) == number << 8 && Ipv4Header.source(ip) == number
                && Ipv4Header.destination(ip) == number << 8 && Memory.u16(ip + Ipv4Header.LENGTH + 2) == number
                && VxlanHeader.vni(at + INNER_ETHERNET - VxlanHeader.LENGTH) == number
                && EthernetHeader.destination(at + INNER_ETHERNET) == number
                && EthernetHeader.source(at + INNER_ETHERNET) == number << 8
                && Ipv4Header.checksum(ip) == rightChecksum(ip);
            return whole ? number : -2;
        }

        private static int rightChecksum(long ip) {
            int stored = Ipv4Header.checksum(ip);
            Ipv4Header.setChecksum(ip, 0);
            int right = InternetChecksum.ipv4Header(ip, Ipv4Header.LENGTH);
            Ipv4Header.setChecksum(ip, stored);
            return right;
        }
    }

    /** One flow releases a port while another allocates it: the bit of a port in use is set. */
    @JCStressTest
    @Outcome(id = {"1, 1",
        "0, 0"}, expect = ACCEPTABLE, desc = "allocated and marked; or refused while it was released, and free at the end")
    @Outcome(expect = FORBIDDEN, desc = "a port in use that the XDP program would not redirect")
    @State
    public static class ReleaseAndAcquire {
        private static final int PORT = 61_000;
        private static final int UDP = 17;
        private final SnatPorts ports = new SnatPorts(StressMemory.take(1 << 15), PORT, PORT);

        public ReleaseAndAcquire() {
            ports.acquire(UDP, PORT);
        }

        @Actor
        public void conductor() {
            ports.release(UDP, PORT);
        }

        @Actor
        public void worker(II_Result r) {
            if (ports.acquire(UDP, PORT)) {
                r.r1 = ports.isInUse(UDP, PORT) ? 1 : 2;
            }
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = ports.isInUse(UDP, PORT) ? ports.flows(UDP, PORT) : 0;
        }
    }
}
