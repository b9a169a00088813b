package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.traffic.Ping;
import io.weft.vmlab.traffic.UdpEcho;
import io.weft.vmlab.traffic.WhoAmI;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pods open many flows to one outside address and port before the ports of the first ones are released. */
class MasqueradeIT {
    private static final int CONNECTIONS = 9000;
    private static final int QUESTIONS = 5200;
    private static final int FLOOD = 25_000;
    private static final int FIRST_FLOOD_PORT = 10_000;
    private static final int ANSWER_MILLIS = 15_000;
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("masq", 1).needing("ping");
    private static Lab lab;
    private static Pod first;
    private static Pod second;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        first = lab.node("n1").addPod("first");
        second = lab.node("n1").addPod("second");
        Ping.run(first.thread(), lab.outside().address(), 5); // the first packets to a new neighbour may be lost
    }

    @Test
    void nineThousandShortConnectionsToOneDestinationLeavePortsForAnotherPod() throws Exception {
        InetSocketAddress target = outside(9090);
        Set<String> sources = new HashSet<>();
        try (WhoAmI server = WhoAmI.serve(lab.outside().thread(), target)) {
            for (int i = 0; i < CONNECTIONS; i++) {
                String seen = WhoAmI.ask(first.thread(), null, target);
                assertTrue(seen.startsWith(first.host().address().getHostAddress()), "connection " + i + ": " + seen);
                sources.add(seen);
            }
            assertTrue(sources.size() > 4536,
                "a pod reuses its finished connections' ports, but not this early: " + sources.size());
            for (int i = 0; i < 100; i++) {
                assertTrue(
                    WhoAmI.ask(second.thread(), null, target).startsWith(second.host().address().getHostAddress()));
            }
        }
    }

    @Test
    void fiveThousandQuestionsToOneDestinationAreAnswered() throws Exception {
        InetSocketAddress target = outside(53);
        try (UdpEcho.Server server = UdpEcho.serve(lab.outside().thread(), target)) {
            for (int i = 0; i < QUESTIONS; i++) {
                ask(first, target);
            }
            ask(second, target);
        }
    }

    @Test
    void aFloodFromOnePodDoesNotStopTheOthers() throws Exception {
        InetSocketAddress target = outside(54);
        for (int i = 0; i < FLOOD; i++) {
            int port = FIRST_FLOOD_PORT + i;
            try (DatagramSocket socket = first.thread().call(() -> new DatagramSocket(port))) {
                socket.send(new DatagramPacket(new byte[1], 1, target));
            }
        }
        try (UdpEcho.Server server = UdpEcho.serve(lab.outside().thread(), target)) {
            for (int i = 0; i < 500; i++) {
                ask(second, target);
            }
        }
        String drops = lab.node("n1").weft("show", "drops");
        assertTrue(drops.contains("snat_no_port"), () -> "the flood did not use up its share: " + drops);
    }

    private static void ask(Pod pod, InetSocketAddress target) throws Exception {
        try (DatagramSocket socket = pod.thread().call(() -> new DatagramSocket())) {
            socket.setSoTimeout(ANSWER_MILLIS);
            DatagramPacket packet = new DatagramPacket(new byte[64], 64, target);
            socket.send(packet);
            socket.receive(packet);
        }
    }

    private static InetSocketAddress outside(int port) {
        return new InetSocketAddress(lab.outside().address(), port);
    }
}
