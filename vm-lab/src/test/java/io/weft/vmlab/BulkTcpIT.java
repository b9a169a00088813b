package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.netlink.Ethtool;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.traffic.BulkTransfer;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** TCP in both directions at once between pods of one node, of two Weft nodes, and of a Weft node and a Linux node. */
class BulkTcpIT {
    private static final long BYTES = Long.getLong("weft.it.bulkMebibytes", 128L) << 20;
    private static final long CAPTURED_BYTES = Math.min(BYTES, Long.getLong("weft.it.capturedMebibytes", 32L) << 20);
    private static final int PORT = 5001;
    private static final InetSocketAddress KERNEL_SERVICE = new InetSocketAddress("10.96.0.21", 80);
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("bulk", 2).withKernelPeer()
        .needing("tcpdump", "tshark");
    private static Lab lab;
    private static Pod near;
    private static Pod neighbour;
    private static Pod far;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        near = lab.node("n1").addPod("near");
        neighbour = lab.node("n1").addPod("neighbour");
        far = lab.node("n2").addPod("far");
    }

    @Test
    void contentArrivesIntactBetweenPodsOfTwoNodes() throws Exception {
        try (UnderlayCapture one = new UnderlayCapture(lab.underlay(), near.host());
            UnderlayCapture two = new UnderlayCapture(lab.underlay(), far.host())) {
            assertIntact(
                new BulkTransfer().run(near.thread(), far.thread(), far.port(PORT), far.port(PORT), CAPTURED_BYTES));
            one.stop();
            two.stop();
            for (UnderlayCapture capture : List.of(one, two)) {
                UnderlayCapture.Findings findings = capture.findings();
                System.out.println(findings);
                assertTrue(findings.tunnelledTcp() > CAPTURED_BYTES / LabPlan.POD_MTU, "the capture saw the transfer");
                assertEquals(0, findings.badTcp(), "bad inner TCP checksums");
                assertEquals(0, findings.badIp(), "bad IPv4 header checksums");
                assertEquals(0, findings.malformed(), "malformed frames");
            }
        }
        assertEquals(0, PodCounters.checksumErrors(near.thread()));
        assertEquals(0, PodCounters.checksumErrors(far.thread()));
    }

    @Test
    void contentArrivesIntactInLongPacketsBetweenPodsOfOneNode() throws Exception {
        assertIntact(
            new BulkTransfer().run(near.thread(), neighbour.thread(), neighbour.port(PORT), neighbour.port(PORT),
                BYTES));
        assertEquals(0, PodCounters.checksumErrors(near.thread()));
        assertEquals(0, PodCounters.checksumErrors(neighbour.thread()));
    }

    @Test
    void transmitChecksummingStaysOnInThePods() throws Exception {
        for (Pod pod : List.of(near, far)) {
            assertTrue(pod.thread().call(() -> {
                try (Ethtool ethtool = Ethtool.open()) {
                    return ethtool.isFeatureOn("eth0", "tx-checksum-ip-generic");
                }
            }), "tx-checksum-ip-generic in " + pod.name());
        }
    }

    @Test
    void contentArrivesIntactToAndFromAKernelPeer() throws Exception {
        Pod kernelPod = lab.kernelNode().orElseThrow().pod();
        assertIntact(new BulkTransfer().run(near.thread(), kernelPod.thread(), kernelPod.port(PORT),
            kernelPod.port(PORT), BYTES));
        assertIntact(
            new BulkTransfer().run(kernelPod.thread(), near.thread(), near.port(PORT), near.port(PORT), BYTES));
        assertEquals(0, PodCounters.checksumErrors(near.thread()));
        assertEquals(0, PodCounters.checksumErrors(kernelPod.thread()));
    }

    @Test
    void contentArrivesIntactThroughAServiceWhoseOnlyBackendIsBehindAKernelPeer() throws Exception {
        Pod kernelPod = lab.kernelNode().orElseThrow().pod();
        List<Manifests.Port> ports = List.of(new Manifests.Port("bulk", "TCP", KERNEL_SERVICE.getPort(), PORT));
        lab.manifests().service("bulk", KERNEL_SERVICE.getAddress(), ports);
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(kernelPod.address(), "k1", true));
        lab.manifests().endpoints("bulk", ports, endpoints);
        lab.awaitEndpoints(KERNEL_SERVICE, endpoints);
        assertIntact(
            new BulkTransfer().run(near.thread(), kernelPod.thread(), kernelPod.port(PORT), KERNEL_SERVICE, BYTES));
        assertEquals(0, PodCounters.checksumErrors(near.thread()));
        assertEquals(0, PodCounters.checksumErrors(kernelPod.thread()));
    }

    private static void assertIntact(BulkTransfer.Result result) {
        System.out.printf("%d MiB each way in %.1f s, %.2f Gbit/s%n", result.bytesEachWay() >> 20, result.seconds(),
            result.gigabitsPerSecond());
        assertTrue(result.intact(), "content hashes equal: " + result);
    }
}
