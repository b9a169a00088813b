package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.net.NamespaceThread;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * UDP datagrams that exceed the MTU, to pods, Services, the outside and the node, and back: in fragments in any order, and as packets without
 * DF that are longer than the MTU of their path. Each node has two workers, so that fragments of one datagram arrive on different ones.
 */
class LargeUdpIT {
    private static final int[] SIZES = {1400, 1422, 1423, 1450, 1451, 1472, 1473, 2000, 4000, 9000, 20_000, 40_000,
        65_000};
    private static final int PORT = 5000;
    private static final int SERVICE_PORT = 53;
    private static final int TIMEOUT_MILLIS = 10_000;
    /** Payload bytes that a pod's stack puts into a fragment. */
    private static final int FRAGMENT = 1424;
    private static final Map<String, InetSocketAddress> TARGETS = new LinkedHashMap<>();
    private static final List<Echo> SERVERS = new ArrayList<>();
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("udp", 2).withKernelPeer().withWorkers(2);
    private static Lab lab;
    private static Pod near;
    private static Pod far;

    /** Returns each datagram to its sender. */
    private record Echo(DatagramSocket socket) {
        static Echo serve(NamespaceThread where, InetSocketAddress listen) throws Exception {
            Echo echo = new Echo(where.call(() -> new DatagramSocket(listen)));
            echo.socket.setReceiveBufferSize(4 << 20);
            Thread.ofPlatform().daemon().name("large-udp-echo").start(echo::run);
            return echo;
        }

        private void run() {
            DatagramPacket datagram = new DatagramPacket(new byte[65_536], 65_536);
            while (!socket.isClosed()) {
                try {
                    datagram.setLength(65_536);
                    socket.receive(datagram);
                    socket.send(datagram);
                } catch (IOException e) {
                    // closed by the owner, or an ICMP error about an earlier answer
                }
            }
        }
    }

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        near = lab.node("n1").addPod("near");
        Pod neighbour = lab.node("n1").addPod("neighbour");
        far = lab.node("n2").addPod("far");
        Pod kernel = lab.kernelNode().orElseThrow().pod();
        for (Pod pod : List.of(neighbour, far, kernel)) {
            SERVERS.add(Echo.serve(pod.thread(), pod.port(PORT)));
        }
        InetSocketAddress outside = new InetSocketAddress(lab.outside().address(), PORT);
        SERVERS.add(Echo.serve(lab.outside().thread(), outside));
        TARGETS.put("pod of this node", neighbour.port(PORT));
        TARGETS.put("pod of another node", far.port(PORT));
        TARGETS.put("pod of the Linux node", kernel.port(PORT));
        TARGETS.put("Service, local backend", service("here", "10.96.3.1", neighbour, "n1"));
        TARGETS.put("Service, remote backend", service("there", "10.96.3.2", far, "n2"));
        TARGETS.put("Service, backend on the Linux node", service("kernel", "10.96.3.3", kernel, "k1"));
        TARGETS.put("outside", outside);
        awaitOutside(outside);
    }

    private static InetSocketAddress service(String name, String address, Pod backend, String node) throws Exception {
        InetSocketAddress service = new InetSocketAddress(address, SERVICE_PORT);
        List<Manifests.Port> ports = List.of(new Manifests.Port("udp", "UDP", SERVICE_PORT, PORT));
        lab.manifests().service(name, service.getAddress(), ports);
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(backend.address(), node, true));
        lab.manifests().endpoints(name, ports, endpoints);
        lab.node("n1").view().await("Service " + name, () -> {
            try (DatagramSocket socket = client(near.thread(), 500)) {
                return exchange(socket, service, new byte[8]) != null;
            }
        });
        return service;
    }

    /** The first packets to a new neighbour may be lost. */
    private static void awaitOutside(InetSocketAddress outside) throws Exception {
        lab.node("n1").view().await("the outside host as a resolved neighbour", () -> {
            try (DatagramSocket socket = client(near.thread(), 500)) {
                return exchange(socket, outside, new byte[8]) != null;
            }
        });
    }

    @AfterAll
    static void takeDown() throws Exception {
        SERVERS.forEach(server -> server.socket.close());
    }

    private static DatagramSocket client(NamespaceThread where, int timeoutMillis) throws Exception {
        DatagramSocket socket = where.call(() -> new DatagramSocket());
        socket.setSoTimeout(timeoutMillis);
        socket.setReceiveBufferSize(4 << 20);
        socket.setSendBufferSize(4 << 20);
        return socket;
    }

    private static byte[] payload(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    /** @return the answer, or null if none came */
    private static byte[] exchange(DatagramSocket socket, InetSocketAddress target, byte[] payload) throws IOException {
        socket.send(new DatagramPacket(payload, payload.length, target));
        return receive(socket);
    }

    private static byte[] receive(DatagramSocket socket) throws IOException {
        DatagramPacket answer = new DatagramPacket(new byte[65_536], 65_536);
        try {
            socket.receive(answer);
            return Arrays.copyOf(answer.getData(), answer.getLength());
        } catch (SocketTimeoutException e) {
            return null;
        }
    }

    @Test
    void datagramsOfEverySizeReachEveryTargetAndComeBack() throws Exception {
        List<String> lost = new ArrayList<>();
        for (Map.Entry<String, InetSocketAddress> target : TARGETS.entrySet()) {
            for (int size : SIZES) {
                try (DatagramSocket socket = client(near.thread(), TIMEOUT_MILLIS)) {
                    byte[] payload = payload(size);
                    // The first datagram of a size may cause "fragmentation needed", which the sender's stack obeys from then on.
                    for (int round = 0; round < 3; round++) {
                        if (!Arrays.equals(payload, exchange(socket, target.getValue(), payload))) {
                            lost.add(target.getKey() + " " + size + " round " + round);
                        }
                    }
                }
            }
        }
        assertEquals(List.of(), lost, () -> drops());
    }

    /** Fragments in reverse and shuffled order, and one packet without DF as long as the datagram. */
    @Test
    void fragmentsInAnyOrderAndLongPacketsWithoutDfArriveAsOneDatagram() throws Exception {
        List<String> lost = new ArrayList<>();
        int id = 1;
        long gateway = Macs.ofGateway(near);
        long own = Macs.of(near.netns(), "eth0");
        try (RawPort raw = RawPort.open(near.thread(), "eth0")) {
            for (Map.Entry<String, InetSocketAddress> target : TARGETS.entrySet()) {
                for (int size : SIZES) {
                    for (String form : List.of("reversed", "shuffled", "whole")) {
                        try (DatagramSocket socket = client(near.thread(), TIMEOUT_MILLIS)) {
                            byte[] payload = payload(size);
                            byte[] frame = TestFrame.build(TestFrame.UDP, gateway, own, near.address(),
                                socket.getLocalPort(), target.getValue().getAddress(), target.getValue().getPort(),
                                payload);
                            for (byte[] part : parts(frame, id++, form)) {
                                raw.send(part);
                            }
                            if (!Arrays.equals(payload, receive(socket))) {
                                lost.add(target.getKey() + " " + size + " " + form);
                            }
                        }
                    }
                }
            }
        }
        assertEquals(List.of(), lost, () -> drops());
    }

    private static List<byte[]> parts(byte[] frame, int id, String form) {
        if (form.equals("whole")) { return List.of(Fragments.whole(frame, id)); }
        List<byte[]> parts = Fragments.split(frame, id, FRAGMENT);
        if (form.equals("reversed")) {
            Collections.reverse(parts);
        } else {
            Collections.shuffle(parts, new Random(id));
        }
        return parts;
    }

    /** Replies with the last fragment first: of a Service's backend through the tunnel, and of the outside host at the uplink. */
    @Test
    void repliesInReverseOrderReachThePod() throws Exception {
        int id = 30_000;
        for (int size : new int[]{2000, 20_000, 65_000}) {
            byte[] payload = payload(size);
            replyInReverse(far.thread(), far.netns(), "eth0", Macs.ofGateway(far), far.port(7000), 7000, payload, id++);
            InetSocketAddress outside = new InetSocketAddress(lab.outside().address(), 7001);
            Path outsideNamespace = Path.of("/run/netns/" + lab.plan().outsideHost().namespace());
            replyInReverse(lab.outside().thread(), outsideNamespace, LabPlan.UPLINK,
                Macs.of(lab.node("n1").namespace(), LabPlan.UPLINK), outside, 7001, payload, id++);
        }
    }

    private static void replyInReverse(NamespaceThread where, Path namespace, String device, long toMac,
        InetSocketAddress listen, int port, byte[] payload, int id) throws Exception {
        try (DatagramSocket server = where.call(() -> new DatagramSocket(listen));
            DatagramSocket socket = client(near.thread(), TIMEOUT_MILLIS);
            RawPort raw = RawPort.open(where, device)) {
            server.setSoTimeout(TIMEOUT_MILLIS);
            socket.send(new DatagramPacket(new byte[8], 8, listen));
            DatagramPacket request = new DatagramPacket(new byte[8], 8);
            server.receive(request);
            byte[] frame = TestFrame.build(TestFrame.UDP, toMac, Macs.of(namespace, device), listen.getAddress(), port,
                request.getAddress(), request.getPort(), payload);
            for (byte[] part : parts(frame, id, "reversed")) {
                raw.send(part);
            }
            assertArrayEquals(payload, receive(socket), () -> listen + " " + drops());
        }
    }

    /** Fragments to the node itself pass through Weft and reach the node's sockets unchanged. */
    @Test
    void theNodesOwnLargeDatagramsReachItsSockets() throws Exception {
        InetAddress node = lab.node("n1").host().address();
        NamespaceThread own = lab.node("n1").thread();
        InetSocketAddress listen = new InetSocketAddress(node, 6000);
        Echo server = Echo.serve(own, listen);
        SERVERS.add(server);
        int id = 40_000;
        Path outsideNamespace = Path.of("/run/netns/" + lab.plan().outsideHost().namespace());
        long toMac = Macs.of(lab.node("n1").namespace(), LabPlan.UPLINK);
        long fromMac = Macs.of(outsideNamespace, LabPlan.UPLINK);
        for (int size : SIZES) {
            byte[] payload = payload(size);
            try (DatagramSocket asking = client(own, TIMEOUT_MILLIS);
                DatagramSocket outside = client(lab.outside().thread(), TIMEOUT_MILLIS);
                DatagramSocket peer = client(lab.node("n2").thread(), TIMEOUT_MILLIS);
                RawPort raw = RawPort.open(lab.outside().thread(), LabPlan.UPLINK)) {
                assertArrayEquals(payload, exchange(asking, TARGETS.get("outside"), payload),
                    "node to outside " + size);
                assertArrayEquals(payload, exchange(outside, listen, payload), "outside to node " + size);
                assertArrayEquals(payload, exchange(peer, listen, payload), "node to node " + size);
                byte[] frame = TestFrame.build(TestFrame.UDP, toMac, fromMac, lab.outside().address(),
                    outside.getLocalPort(), node, 6000, payload);
                for (byte[] part : parts(frame, id++, "reversed")) {
                    raw.send(part);
                }
                assertArrayEquals(payload, receive(outside), "outside to node, reversed " + size);
            }
        }
    }

    @Test
    void longEchoesAreAnsweredInFragments() throws Exception {
        long gateway = Macs.ofGateway(near);
        long own = Macs.of(near.netns(), "eth0");
        List<InetAddress> targets = new ArrayList<>(List.of(near.host().podGateway(), lab.outside().address(),
            far.address(), lab.node("n1").host().address(), lab.node("n2").host().address()));
        int id = 50_000;
        for (InetAddress target : targets) {
            for (String form : List.of("reversed", "whole")) {
                byte[] frame = Fragments.echo(gateway, own, near.address(), target, id, payload(4000));
                try (RawPort raw = RawPort.open(near.thread(), "eth0")) {
                    for (byte[] part : parts(frame, id++, form)) {
                        raw.send(part);
                    }
                    assertTrue(raw.await(answer -> Fragments.endsEchoReply(answer, target, 4008)).isPresent(),
                        () -> target + " " + form + " " + drops());
                }
            }
        }
    }

    private static String drops() {
        try {
            return lab.node("n1").weft("show", "drops") + lab.node("n2").weft("show", "drops");
        } catch (Exception e) {
            return e.toString();
        }
    }
}
