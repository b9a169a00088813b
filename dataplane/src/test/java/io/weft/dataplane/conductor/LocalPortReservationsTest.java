package io.weft.dataplane.conductor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.config.KernelPorts;
import io.weft.dataplane.config.PortRange;
import io.weft.dataplane.config.PortRanges;
import io.weft.dataplane.testing.TestNetwork;
import io.weft.encap.packet.IpProtocol;
import io.weft.lb.nat.SnatPorts;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.Sysctl;
import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.SocketDiag;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests with the kernel's sockets and settings, in a network namespace per test. */
class LocalPortReservationsTest {
    private static final int TCP = IpProtocol.IPPROTO_TCP;
    private static final int UDP = IpProtocol.IPPROTO_UDP;
    private static final int FIRST = 50_000;
    private static final int LAST = 51_999;
    private static final int TUNNEL = 50_472;
    private static final PortRanges RANGES = new PortRanges(List.of(new PortRange(FIRST, LAST)));

    private final MappedMemory memory = MappedMemory.anonymous(SnatPorts.BITMAPS_LENGTH, false);
    private final SnatPorts ports = new SnatPorts(memory.address(), FIRST, LAST);

    /** Code to run inside a namespace. */
    private interface Task {
        void run(LocalPortReservations reservations) throws Exception;
    }

    @BeforeEach
    void needsRoot() {
        TestNetwork.requireRoot();
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    /** The kernel's own ports do not overlap the ranges at first. */
    private void inNamespace(Task task) throws Exception {
        NetworkNamespace.callInNew(() -> {
            try (Rtnetlink rtnetlink = Rtnetlink.open()) {
                rtnetlink.setUp(1);
            }
            Sysctl.write(KernelPorts.LOCAL_RANGE, "32768 40000");
            try (LocalPortReservations reservations = new LocalPortReservations(SocketDiag.open(), ports, RANGES,
                TUNNEL)) {
                task.run(reservations);
            }
            return null;
        });
    }

    /** Whether no flow would get the port. No flow uses it yet. */
    private boolean isBlocked(int protocol, int port) {
        if (!ports.acquire(protocol, port)) { return true; }
        ports.release(protocol, port);
        return false;
    }

    @Test
    void portsOfListenersAndUdpSocketsAreBlockedWhileTheyAreOpen() throws Exception {
        inNamespace(reservations -> {
            try (ServerSocket listener = new ServerSocket(50_080, 1, InetAddress.getLoopbackAddress());
                DatagramSocket bound = new DatagramSocket(50_053)) {
                assertTrue(reservations.block(), "the kernel has listed its sockets");
                assertTrue(isBlocked(TCP, listener.getLocalPort()));
                assertTrue(isBlocked(UDP, bound.getLocalPort()));
                assertFalse(isBlocked(UDP, listener.getLocalPort()), "the port of the other protocol is free");
                assertFalse(isBlocked(TCP, bound.getLocalPort()));
                assertEquals(ports.size() - 1, ports.available(TCP));
            }
            reservations.block();
            assertFalse(isBlocked(UDP, 50_053));
            reservations.refresh();
            assertFalse(isBlocked(TCP, 50_080));
            assertEquals(ports.size(), ports.available(TCP));
        });
    }

    @Test
    void theTunnelsPortIsBlockedWithoutASocket() throws Exception {
        inNamespace(reservations -> {
            reservations.block();
            assertTrue(isBlocked(UDP, TUNNEL));
            assertFalse(isBlocked(TCP, TUNNEL));
            assertEquals(ports.size() - 1, ports.available(UDP));
        });
    }

    @Test
    void onlyARefreshBlocksAndUnblocksTheLocalPortOfAConnection() throws Exception {
        inNamespace(reservations -> {
            try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket client = new Socket()) {
                client.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 50_081));
                client.connect(listener.getLocalSocketAddress());
                reservations.block();
                assertFalse(isBlocked(TCP, 50_081));
                reservations.refresh();
                assertTrue(isBlocked(TCP, 50_081));
                reservations.block();
                assertTrue(isBlocked(TCP, 50_081), "a port stays blocked until the next refresh");
            }
        });
    }

    @Test
    void portsThatTheKernelAssignsOrAnOperatorReservesAreBlockedByTheNextRefresh() throws Exception {
        inNamespace(reservations -> {
            reservations.block();
            assertEquals(ports.size(), ports.available(TCP));
            Sysctl.write(KernelPorts.RESERVED, "50010,50100-50109");
            reservations.refresh();
            reservations.block();
            assertTrue(isBlocked(TCP, 50_010) && isBlocked(UDP, 50_109));
            assertEquals(ports.size() - 11, ports.available(TCP));
            Sysctl.write(KernelPorts.RESERVED, "\n");
            reservations.refresh();
            assertEquals(ports.size(), ports.available(TCP));
        });
    }

    @Test
    void aFlowKeepsItsPortWhenAProcessBindsIt() throws Exception {
        inNamespace(reservations -> {
            assertTrue(ports.acquire(TCP, 50_080));
            try (ServerSocket listener = new ServerSocket(50_080, 1, InetAddress.getLoopbackAddress())) {
                reservations.block();
                assertTrue(ports.isInUse(TCP, listener.getLocalPort()));
                assertFalse(ports.acquire(TCP, 50_080), "no second flow gets the port");
            }
        });
    }

    @Test
    void tooFewPortsOutsideTheKernelsRangeAreRefusedWithAdvice() throws Exception {
        inNamespace(reservations -> {
            reservations.requireOwnPorts();
            Sysctl.write(KernelPorts.LOCAL_RANGE, "32768 50800");
            reservations.requireOwnPorts();
            Sysctl.write(KernelPorts.LOCAL_RANGE, "32768 51500");
            SetupException refusal = assertThrows(SetupException.class, reservations::requireOwnPorts);
            assertTrue(refusal.getMessage().startsWith("snat.ports: " + RANGES + " overlaps"), refusal.getMessage());
            assertTrue(refusal.getMessage().contains("leaves 499"), refusal.getMessage());
        });
    }
}
