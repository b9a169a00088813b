package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.DropReason;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.LabExtension;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.Ping;
import io.weft.vmlab.traffic.UdpEcho;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code weft explain} on a node that forwards: what it says, and what the node then does with the same packet. */
class ExplainIT {
    private static final int CLIENT_PORT = 4000;
    private static final int ANSWER_MILLIS = 5000;
    private static final int SILENCE_MILLIS = 300;

    @RegisterExtension static final LabExtension LAB = ApiLab.SHARED.needing("ping", "tcpdump");

    @TempDir Path directory;

    private static Lab lab;
    private static WeftNode node;
    private static Pod first;
    private static Pod second;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        node = lab.node("n1");
        first = node.addPod("first");
        second = node.addPod("second");
        Ping.run(first.thread(), lab.outside().address(), 5); // the first packets to a new neighbour may be lost
    }

    private static String explain(String... arguments) throws Exception {
        String[] command = new String[arguments.length + 1];
        command[0] = "explain";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        return node.weft(command);
    }

    private static String text(InetAddress address, int port) {
        return address.getHostAddress() + ":" + port;
    }

    @Test
    void aPacketToAnotherPodBeforeAndAfterItsFlowExists() throws Exception {
        String source = text(first.address(), CLIENT_PORT);
        String destination = text(second.address(), 53);
        String before = explain("udp", source, destination);
        assertTrue(before.contains("FIRST PACKET OF A FLOW") && before.contains("local-port"), before);
        try (UdpEcho.Server server = UdpEcho.serve(second.thread(), second.port(53))) {
            ask(first, CLIENT_PORT, second.port(53));
            ask(first, CLIENT_PORT, second.port(53));
        }
        String after = explain("udp", source, destination);
        assertTrue(after.contains("KNOWN FLOW, by the fast path") && after.contains("IF THIS FLOW DID NOT EXIST"),
            after);
        assertTrue(after.contains("udp_replied, 2 packets"), after);
        assertEquals(after.replaceAll("idle \\d+ s", ""),
            explain("udp", source, destination).replaceAll("idle \\d+ s", ""),
            "explaining counted a packet");
        String reply = explain("udp", destination, source);
        assertTrue(reply.contains("reply direction"), reply);
    }

    @Test
    void thePortOfAMasqueradedFlowIsTheOneThatTheOutsideSees() throws Exception {
        InetSocketAddress target = new InetSocketAddress(lab.outside().address(), 5300);
        String explained = explain("-o", "json", "udp", text(first.address(), CLIENT_PORT),
            text(target.getAddress(), 5300));
        try (
            DatagramSocket server = lab.outside().thread().call(() -> new DatagramSocket(target));
            DatagramSocket client = first.thread().call(() -> new DatagramSocket(CLIENT_PORT))) {
            server.setSoTimeout(ANSWER_MILLIS);
            client.send(new DatagramPacket(new byte[8], 8, target));
            DatagramPacket seen = new DatagramPacket(new byte[8], 8);
            server.receive(seen);
            String expected = "\"frame\":\"udp " + text(seen.getAddress(), seen.getPort()) + " > "
                + text(target.getAddress(), 5300);
            assertTrue(explained.contains(expected), expected + " in " + explained);
        }
    }

    @Test
    void aPacketThatIsRefused() throws Exception {
        byte[] address = first.address().getAddress();
        address[3] = (byte) 200;
        InetAddress nobody = InetAddress.getByAddress(address);
        String explained = explain("--from", "pod", first.address().getHostAddress(), "udp",
            text(first.address(), CLIENT_PORT + 1), text(nobody, 7));
        assertTrue(explained.contains("dropped: no_such_pod, and answered"), explained);
        long before = drops(DropReason.NO_SUCH_POD);
        try (DatagramSocket client = first.thread().call(() -> new DatagramSocket(CLIENT_PORT + 1))) {
            client.setSoTimeout(SILENCE_MILLIS);
            client.send(new DatagramPacket(new byte[0], 0, nobody, 7));
            client.receive(new DatagramPacket(new byte[8], 8));
        } catch (SocketTimeoutException silence) {
            // an unconnected socket does not learn of the ICMP error
        }
        assertEquals(before + 1, drops(DropReason.NO_SUCH_POD));
    }

    private static long drops(DropReason reason) {
        try (CounterReader counters = CounterReader.open(node.runDirectory())) {
            return counters.drop(reason);
        }
    }

    @Test
    void aCapturedFrame() throws Exception {
        Path file = directory.resolve("ping.pcap");
        Process tcpdump = first.thread().call(() -> ExternalCommand
            .of("tcpdump", "-i", "eth0", "-c", "1", "-Z", "root", "-U", "-w", file.toString(), "icmp and src host "
                + first.address().getHostAddress())
            .builder().redirectErrorStream(true).start());
        try {
            tcpdump.inputReader().readLine(); // it listens
            while (tcpdump.isAlive()) {
                Ping.run(first.thread(), lab.outside().address(), 1);
            }
        } finally {
            tcpdump.destroy();
        }
        assertTrue(Files.size(file) > 0);
        String explained = explain("--pcap", file.toString(), "--from", "pod", first.address().getHostAddress());
        assertTrue(explained.contains("icmp type 8 code 0") && explained.contains("underlay-rewrite"), explained);
    }

    private static void ask(Pod pod, int port, InetSocketAddress target) throws Exception {
        try (DatagramSocket socket = pod.thread().call(() -> new DatagramSocket(port))) {
            socket.setSoTimeout(ANSWER_MILLIS);
            DatagramPacket packet = new DatagramPacket(new byte[64], 64, target);
            socket.send(packet);
            socket.receive(packet);
        }
    }
}
