package io.weft.encap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.weft.encap.checksum.InternetChecksum;
import io.weft.encap.hash.FlowHash;
import io.weft.encap.memory.Memory;
import io.weft.encap.packet.IpProtocol;
import io.weft.encap.packet.Ipv4Header;
import io.weft.encap.packet.L4Checksum;
import io.weft.encap.packet.Layer4;
import io.weft.encap.packet.TcpHeader;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.encap.tunnel.Tunnel;
import io.weft.encap.tunnel.TunnelTemplate;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NoAllocationTest {
    private static final int PACKETS = 100_000;
    private static final int WARM_UP_ROUNDS = 50;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /**
     * Parses, hashes, translates and encapsulates. The interpreter and the compilers may allocate until the code is warm; after that, no
     * allocation is allowed.
     */
    @Test
    void aPacketCostsNoHeap() {
        try (Frames frames = new Frames(3)) {
            long slot = frames.at();
            long ipAt = frames.at() + 1024;
            int length = Packets.write(new Random(1), ipAt, IpProtocol.IPPROTO_TCP, 400);
            TunnelTemplate.write(slot, new Tunnel(Encapsulation.VXLAN, 1, 2, 3, 4, 8472, 1, 5, 6));
            long allocated = -1;
            int sum = 0;
            for (int round = 0; round < WARM_UP_ROUNDS && allocated != 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < PACKETS; i++) {
                    sum += packet(slot, ipAt, length);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertTrue(sum != 0);
            assertEquals(0, allocated);
        }
    }

    private static int packet(long slot, long ipAt, int length) {
        int verdict = Ipv4Header.validate(ipAt, length);
        long at = ipAt + Ipv4Header.LENGTH;
        int l4Length = length - Ipv4Header.LENGTH;
        verdict += Layer4.validate(IpProtocol.IPPROTO_TCP, at, l4Length) + TcpHeader.flags(at);
        int hash = FlowHash.hash(Ipv4Header.addresses(ipAt), Layer4.ports(at));
        int kind = L4Checksum.classify(ipAt, at, l4Length, IpProtocol.IPPROTO_TCP);
        L4Checksum.applyDelta(kind, at, IpProtocol.IPPROTO_TCP, 5, 6);
        Ipv4Header.setTtl(ipAt, 64);
        Ipv4Header.decrementTtl(ipAt);
        Memory.copy(ipAt, ipAt + 2048, 64);
        Memory.zero(ipAt + 2048, 61);
        TunnelTemplate.encap(slot, ipAt, length, hash, 0);
        return verdict + InternetChecksum.l4(ipAt, at, l4Length);
    }
}
