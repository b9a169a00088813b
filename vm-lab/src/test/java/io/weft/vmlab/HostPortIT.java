package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.Rule;
import io.weft.vmlab.lab.HostPort;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.net.NamespaceThread;
import io.weft.vmlab.traffic.UdpEcho;
import io.weft.vmlab.traffic.WhoAmI;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * hostPorts of pods, reached by everyone, the node's own processes included; and what these processes otherwise send to the node while
 * Weft runs, while the dataplane is down, and after Weft has stopped.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HostPortIT {
    private static final int HOST_PORT = 8088;
    private static final int POD_PORT = 8080;
    private static final int UDP_HOST_PORT = 8053;
    private static final int LISTENER = 30_500;
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("hp", 2);

    private static InetAddress address(String text) throws IOException {
        return InetAddress.getByName(text);
    }

    private static HostPort[] hostPorts() {
        return new HostPort[]{new HostPort(HOST_PORT, POD_PORT, "tcp", ""),
            new HostPort(UDP_HOST_PORT, POD_PORT, "udp", "")};
    }

    @Test
    void everyoneReachesAPodByAPortOfItsNode() throws Exception {
        Lab lab = LAB.lab();
        WeftNode n1 = lab.node("n1");
        Pod web = n1.addPod("web", hostPorts());
        Map<String, NamespaceThread> clients = new LinkedHashMap<>();
        clients.put("the node", n1.thread());
        clients.put("a pod of the node", n1.addPod("near").thread());
        clients.put("the pod itself", web.thread());
        clients.put("a pod of the other node", lab.node("n2").addPod("far").thread());
        clients.put("the other node", lab.node("n2").thread());
        clients.put("outside", lab.outside().thread());
        InetAddress node = n1.host().address();
        awaitRules(n1, 2);
        try (WhoAmI _ = WhoAmI.serve(web.thread(), web.port(POD_PORT));
            UdpEcho.Server _ = UdpEcho.serve(web.thread(), web.port(POD_PORT))) {
            for (Map.Entry<String, NamespaceThread> client : clients.entrySet()) {
                assertTrue(WhoAmI.ask(client.getValue(), null, new InetSocketAddress(node, HOST_PORT)).contains(":"),
                    client.getKey());
                assertEcho(client.getKey(), client.getValue(), new InetSocketAddress(node, UDP_HOST_PORT));
            }
            assertEquals(lab.outside().address().getHostAddress(),
                hostOf(WhoAmI.ask(lab.outside().thread(), null, new InetSocketAddress(node, HOST_PORT))),
                "the pod sees its client");
            InetAddress localhost = address("127.0.0.1");
            String seen = hostOf(WhoAmI.ask(n1.thread(), null, new InetSocketAddress(localhost, HOST_PORT)));
            assertEquals(gateway(n1), seen, "a pod cannot answer 127.0.0.1");
            assertEcho("the node by 127.0.0.1", n1.thread(), new InetSocketAddress(localhost, UDP_HOST_PORT));
            n1.killDataplane();
            awaitAnswer(n1.thread(), new InetSocketAddress(localhost, HOST_PORT));
        }
        n1.removePod("web");
        awaitRules(n1, 0);
        assertThrows(IOException.class, () -> WhoAmI.ask(n1.thread(), null, new InetSocketAddress(node, HOST_PORT)));
    }

    @Test
    void aTakenHostPortIsAnErrorOfAddThatNamesItsOwner() throws Exception {
        WeftNode n1 = LAB.lab().node("n1");
        n1.addPod("web", hostPorts());
        IOException taken = assertThrows(IOException.class,
            () -> n1.addPod("other", new HostPort(HOST_PORT, 80, "tcp", n1.host().address().getHostAddress())));
        assertTrue(taken.getMessage().contains("/TCP is that of default/n1-web"), taken.getMessage());
        IOException ssh = assertThrows(IOException.class, () -> n1.addPod("ssh", new HostPort(22, 22, "tcp", "")));
        assertTrue(ssh.getMessage().contains("hostPort 22/TCP is for managing the node"), ssh.getMessage());
        n1.removePod("web");
        awaitRules(n1, 0);
    }

    @Test
    @Order(Integer.MAX_VALUE) // it stops Weft
    void theNodesOwnProcessesReachEachOtherThroughoutAndOneConnectionLivesOn() throws Exception {
        WeftNode n1 = LAB.lab().node("n1");
        InetAddress own = n1.host().address();
        List<Rule> before = rules(n1);
        try (HeldConnection ssh = HeldConnection.open(n1.thread(), n1.thread(), new InetSocketAddress(own, 22))) {
            assertReachable(n1, own, LISTENER);
            n1.addPod("web", hostPorts());
            n1.addPod("more", new HostPort(LISTENER + 1, 80, "tcp", ""));
            awaitRules(n1, 3);
            ssh.exchange();
            assertReachable(n1, own, LISTENER);
            assertReachable(n1, address("127.0.0.1"), LISTENER);

            n1.killAll();
            List<Rule> left = rules(n1);
            assertReachable(n1, own, HOST_PORT);
            assertReachable(n1, address("127.0.0.1"), HOST_PORT);
            assertReachable(n1, own, LISTENER + 1);
            assertEquals(left, rules(n1));
            ssh.exchange();

            n1.startAgain();
            n1.view().await("a control plane that answers", () -> isListening(n1.runDirectory().resolve("cni.sock")));
            ssh.exchange();
            n1.removePod("more");
            awaitRules(n1, 2);
            ssh.exchange();
            assertReachable(n1, own, LISTENER + 1);

            Process weft = n1.process().orElseThrow();
            weft.destroy();
            assertTrue(weft.waitFor(30, TimeUnit.SECONDS), "Weft stops");
            assertEquals(before, rules(n1));
            ssh.exchange();
            assertReachable(n1, own, HOST_PORT);
            assertReachable(n1, address("127.0.0.1"), HOST_PORT);
        }
    }

    /** A server of the node, which sees the address itself as its client. */
    private static void assertReachable(WeftNode node, InetAddress ip, int port) throws Exception {
        InetSocketAddress target = new InetSocketAddress(ip, port);
        try (WhoAmI _ = WhoAmI.serve(node.thread(), target); UdpEcho.Server _ = UdpEcho.serve(node.thread(), target)) {
            assertEquals(ip.getHostAddress(), hostOf(WhoAmI.ask(node.thread(), null, target)));
            assertEcho(target.toString(), node.thread(), target);
        }
    }

    private static void assertEcho(String who, NamespaceThread client, InetSocketAddress target) throws Exception {
        try (DatagramSocket socket = client.call(() -> new DatagramSocket())) {
            byte[] data = new byte[1800]; // two fragments on the underlay
            socket.setSoTimeout(10_000);
            socket.send(new DatagramPacket(data, data.length, target));
            DatagramPacket echo = new DatagramPacket(new byte[4000], 4000);
            socket.receive(echo);
            assertEquals(data.length, echo.getLength(), who);
            assertEquals(target, echo.getSocketAddress(), who);
        }
    }

    private static void awaitAnswer(NamespaceThread client, InetSocketAddress target) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            try {
                WhoAmI.ask(client, null, target);
                return;
            } catch (IOException e) {
                if (System.nanoTime() > deadline) { throw e; }
            }
        }
    }

    private static boolean isListening(Path socket) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return false;
        }
    }

    private static String gateway(WeftNode node) {
        byte[] base = node.host().podCidrBase().getAddress();
        return (base[0] & 0xFF) + "." + (base[1] & 0xFF) + "." + (base[2] & 0xFF) + "." + ((base[3] & 0xFF) + 1);
    }

    private static List<Rule> rules(WeftNode node) {
        try (Rtnetlink rtnetlink = Rtnetlink.openIn(node.namespace())) {
            return rtnetlink.rules();
        }
    }

    private static void awaitRules(WeftNode node, int count) throws Exception {
        node.view().await(count + " rules of Weft",
            () -> rules(node).stream().filter(rule -> rule.priority() == 80).count() == count);
    }

    private static String hostOf(String seen) {
        return seen.substring(0, seen.indexOf(':'));
    }
}
