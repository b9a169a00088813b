package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.traffic.Ping;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A wrong checksum of a pod arrives wrong by the same amount, whatever was translated on the path. */
class ChecksumIT {
    private static final int PORT = 7777;
    private static final String DEVICE = "eth0";
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("csum", 2).withKernelPeer();
    private static Lab lab;
    private static Pod near;
    private static Pod neighbour;
    private static Pod far;

    /** A destination, and the pod that receives its frames. */
    private record PacketPath(String name, InetSocketAddress target, Pod receiver) {}

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        near = lab.node("n1").addPod("near");
        neighbour = lab.node("n1").addPod("neighbour");
        far = lab.node("n2").addPod("far");
        publish("local", "10.96.0.1", neighbour);
        publish("remote", "10.96.0.2", far);
        publish("kernel", "10.96.0.3", lab.kernelNode().orElseThrow().pod());
        Ping.run(near.thread(), near.host().podGateway(), 1); // so that the pod knows the gateway's MAC
    }

    private static void publish(String name, String clusterIp, Pod backend) throws Exception {
        List<Manifests.Port> ports = List.of(new Manifests.Port("udp", "UDP", PORT, PORT),
            new Manifests.Port("tcp", "TCP", PORT, PORT));
        lab.manifests().service(name, InetAddress.getByName(clusterIp), ports);
        List<Manifests.Endpoint> endpoints = List
            .of(new Manifests.Endpoint(backend.address(), backend.host().name(), true));
        lab.manifests().endpoints(name, ports, endpoints);
        lab.awaitEndpoints(new InetSocketAddress(clusterIp, PORT), endpoints);
    }

    @TestFactory
    List<DynamicTest> aChecksumArrivesAsRightOrWrongAsItWasSent() {
        Pod kernelPod = lab.kernelNode().orElseThrow().pod();
        List<PacketPath> paths = List.of(
            new PacketPath("local pod", neighbour.port(PORT), neighbour),
            new PacketPath("remote pod", far.port(PORT), far),
            new PacketPath("pod behind a kernel peer", kernelPod.port(PORT), kernelPod),
            new PacketPath("Service, local backend", new InetSocketAddress("10.96.0.1", PORT), neighbour),
            new PacketPath("Service, remote backend", new InetSocketAddress("10.96.0.2", PORT), far),
            new PacketPath("Service, backend behind a kernel peer", new InetSocketAddress("10.96.0.3", PORT),
                kernelPod));
        List<DynamicTest> tests = new ArrayList<>();
        int sourcePort = 20_000;
        for (PacketPath path : paths) {
            for (int protocol : new int[]{TestFrame.UDP, TestFrame.TCP}) {
                String name = (protocol == TestFrame.UDP ? "UDP" : "TCP") + " to " + path.name;
                int port = sourcePort++;
                tests.add(dynamicTest("right " + name,
                    () -> assertTrue(TestFrame.checksumIsRight(sent(path, protocol, port, 0)))));
                int wrongPort = sourcePort++;
                tests.add(dynamicTest("wrong " + name, () -> sent(path, protocol, wrongPort, 0x1234)));
            }
            int zeroPort = sourcePort++;
            tests.add(dynamicTest("UDP checksum 0 to " + path.name, () -> staysZero(path, zeroPort)));
        }
        return tests;
    }

    /** Sends a frame whose checksum is off by {@code error}, asserts that it arrives with the same error, and returns it. */
    private static byte[] sent(PacketPath path, int protocol, int sourcePort, int error) throws Exception {
        byte[] payload = ("checksum test from port " + sourcePort + " ").getBytes(StandardCharsets.US_ASCII);
        byte[] frame = frame(path, protocol, sourcePort, payload);
        TestFrame.setChecksum(frame, TestFrame.checksum(frame) ^ error);
        byte[] arrived = transfer(path, frame, payload);
        assertEquals(TestFrame.checksumError(frame), TestFrame.checksumError(arrived),
            "checksum error before and after");
        return arrived;
    }

    private static void staysZero(PacketPath path, int sourcePort) throws Exception {
        byte[] payload = ("zero checksum from port " + sourcePort + " ").getBytes(StandardCharsets.US_ASCII);
        byte[] frame = frame(path, TestFrame.UDP, sourcePort, payload);
        TestFrame.setChecksum(frame, 0);
        assertEquals(0, TestFrame.checksum(transfer(path, frame, payload)));
    }

    private static byte[] frame(PacketPath path, int protocol, int sourcePort, byte[] payload) throws Exception {
        return near.thread().call(() -> {
            try (Rtnetlink pod = Rtnetlink.open()) {
                var device = pod.link(DEVICE).orElseThrow();
                long gateway = pod.neighbours(device.index()).stream()
                    .filter(neighbour -> neighbour.mac() != 0)
                    .findFirst()
                    .orElseThrow()
                    .mac();
                return TestFrame.build(
                    protocol, gateway, device.mac(), near.address(), sourcePort, path.target.getAddress(),
                    path.target.getPort(), payload);
            }
        });
    }

    private static byte[] transfer(PacketPath path, byte[] frame, byte[] payload) throws Exception {
        try (RawPort receiver = RawPort.open(path.receiver.thread(), DEVICE);
            RawPort sender = RawPort.open(near.thread(), DEVICE)) {
            sender.send(frame);
            return receiver.await(seen -> TestFrame.carries(seen, payload))
                .orElseThrow(() -> new AssertionError("nothing arrived"));
        }
    }
}
