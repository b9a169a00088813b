package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.dataplane.counters.CounterReader;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.FrameTotal;
import io.weft.dataplane.counters.PortCounter;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.LabPlan;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.Ping;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every frame over real veths is counted exactly once: as forwarded, or as dropped for the reason that fits its fault. */
class AccountingIT {
    private static final int FRAMES = 100_000;
    private static final int BURST = 64;
    private static final long LIMIT_NANOS = 60_000_000_000L;
    private static final long SEED = 20_260_101;
    private static final int VNI = 1;
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("acct", 2).withKernelPeer();
    private static Lab lab;
    private static Pod near;
    private static Pod far;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        near = lab.node("n1").addPod("near");
        far = lab.node("n2").addPod("far");
        Ping.run(near.thread(), far.address(), 1);
    }

    @Test
    void aQuarterOfAPodsFramesAreBadAndEachIsDroppedUnderItsReason() throws Exception {
        byte[] payload = "accounting".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        long gateway = Macs.ofGateway(near);
        long own = Macs.of(near.netns(), "eth0");
        List<BadFrames.Bad> bad = new ArrayList<>();
        List<byte[]> good = new ArrayList<>();
        for (int protocol : new int[]{TestFrame.UDP, TestFrame.TCP}) {
            byte[] frame = TestFrame.build(protocol, gateway, own, near.address(), 30_000, far.address(), 30_001,
                payload);
            good.add(frame);
            bad.addAll(BadFrames.fromPod(frame, near.host().address(), far.host().address(),
                InetAddress.getByName("10.96.0.1")));
        }
        String hostInterface = lab.node("n1").hostInterfaceOf("near");
        try (RawPort port = RawPort.open(near.thread(), "eth0")) {
            assertEachDroppedUnderItsReason(port, hostInterface, good, bad);
        }
    }

    @Test
    void aQuarterOfTheTunnelsFramesAreBadAndEachIsDroppedUnderItsReason() throws Exception {
        // k1's kernel takes no part: its uplink sends frames that the test builds, as a VXLAN node would
        Pod kernelPod = lab.kernelNode().orElseThrow().pod();
        InetAddress peer = kernelPod.host().address();
        InetAddress node = near.host().address();
        long toMac = Macs.of(lab.node("n1").namespace(), LabPlan.UPLINK);
        long fromMac = Macs.of(Path.of("/run/netns/" + kernelPod.host().namespace()), LabPlan.UPLINK);
        byte[] payload = "tunnelled".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        byte[] inner = TestFrame.build(TestFrame.TCP, 0x020000000001L, 0x020000000002L, kernelPod.address(), 31_000,
            near.address(), 31_001, payload);
        byte[] good = BadFrames.encapsulate(inner, toMac, fromMac, peer, node, VNI);
        List<BadFrames.Bad> bad = new ArrayList<>();
        for (int length = 1; length < inner.length; length++) {
            byte[] cut = BadFrames.encapsulate(java.util.Arrays.copyOf(inner, length), toMac, fromMac, peer, node, VNI);
            bad.add(new BadFrames.Bad(cut, DropReason.TRUNCATED));
        }
        bad.add(new BadFrames.Bad(BadFrames.encapsulate(inner, toMac, fromMac, peer, node, 77),
            DropReason.VXLAN_UNKNOWN_VNI));
        bad.add(BadFrames.with(good, DropReason.VXLAN_NO_I_FLAG, f -> f[42] = 0));
        bad.add(new BadFrames.Bad(
            BadFrames.encapsulate(inner, toMac, fromMac, lab.outside().address(), node, VNI),
            DropReason.VXLAN_UNKNOWN_PEER));
        bad.add(inTunnel(inner, DropReason.SPOOFED_SOURCE, far.address(), near.address(), toMac, fromMac, peer, node));
        bad.add(inTunnel(inner, DropReason.SPOOFED_SOURCE, node, near.address(), toMac, fromMac, peer, node));
        bad.add(inTunnel(inner, DropReason.NO_TUNNEL_TO_TUNNEL, kernelPod.address(), far.address(), toMac, fromMac,
            peer, node));
        bad.add(BadFrames.with(good, DropReason.IP4_BAD_CHECKSUM, f -> f[50 + 14 + 10] ^= 0x11));
        try (RawPort port = RawPort.open(lab.kernelNode().orElseThrow().thread(), LabPlan.UPLINK)) {
            assertEachDroppedUnderItsReason(port, LabPlan.UPLINK, List.of(good), bad);
        }
    }

    private static BadFrames.Bad inTunnel(
        byte[] inner, DropReason reason, InetAddress from, InetAddress to, long toMac, long fromMac, InetAddress peer,
        InetAddress node) {
        BadFrames.Bad changed = BadFrames.withHeader(inner, reason, f -> {
            System.arraycopy(from.getAddress(), 0, f, 26, 4);
            System.arraycopy(to.getAddress(), 0, f, 30, 4);
        });
        return new BadFrames.Bad(BadFrames.encapsulate(changed.frame(), toMac, fromMac, peer, node, VNI), reason);
    }

    /** @param ingress the node's interface at which the frames arrive; the sender keeps pace with it, so that no ring overflows */
    private static void assertEachDroppedUnderItsReason(
        RawPort port, String ingress, List<byte[]> good, List<BadFrames.Bad> bad)
        throws Exception {
        WeftNode node = lab.node("n1");
        Map<DropReason, Long> expected = new EnumMap<>(DropReason.class);
        Random random = new Random(SEED);
        try (CounterReader counters = CounterReader.open(node.runDirectory())) {
            Map<DropReason, Long> before = drops(counters);
            int id = counters.ports().stream().filter(p -> p.name().equals(ingress)).findFirst().orElseThrow().id();
            long received = counters.port(id, PortCounter.RX_FRAMES);
            for (int sent = 1; sent <= FRAMES; sent++) {
                if (random.nextInt(4) == 0) {
                    BadFrames.Bad frame = bad.get(random.nextInt(bad.size()));
                    port.send(frame.frame());
                    expected.merge(frame.reason(), 1L, Long::sum);
                } else {
                    port.send(good.get(random.nextInt(good.size())));
                }
                if (sent % BURST == 0) {
                    long floor = received + sent;
                    awaitReceived(counters, id, floor);
                }
            }
            awaitReceived(counters, id, received + FRAMES);
            node.view().await("counters that balance", () -> unaccounted(counters) == 0);
            Map<DropReason, Long> after = drops(counters);
            Map<DropReason, Long> seen = new EnumMap<>(DropReason.class);
            expected.keySet().forEach(reason -> seen.put(reason, after.get(reason) - before.get(reason)));
            assertEquals(expected, seen, () -> "all drops: " + difference(before, after));
            assertEquals(0, counters.total(FrameTotal.IN_FLIGHT));
        }
    }

    private static void awaitReceived(CounterReader counters, int port, long floor) {
        long start = System.nanoTime();
        while (counters.port(port, PortCounter.RX_FRAMES) < floor) {
            assertTrue(System.nanoTime() - start < LIMIT_NANOS, "the node has received no frame for 60 s");
            Thread.onSpinWait();
        }
    }

    private static Map<DropReason, Long> drops(CounterReader counters) {
        Map<DropReason, Long> drops = new EnumMap<>(DropReason.class);
        for (DropReason reason : DropReason.values()) {
            drops.put(reason, counters.drop(reason));
        }
        return drops;
    }

    private static Map<DropReason, Long> difference(Map<DropReason, Long> before, Map<DropReason, Long> after) {
        Map<DropReason, Long> difference = new EnumMap<>(after);
        difference.replaceAll((reason, count) -> count - before.get(reason));
        difference.values().removeIf(count -> count == 0);
        return difference;
    }

    private static long unaccounted(CounterReader counters) {
        return counters.total(FrameTotal.RECEIVED) + counters.total(FrameTotal.ORIGINATED)
            - counters.total(FrameTotal.SENT)
            - counters.total(FrameTotal.PUNTED) - counters.total(FrameTotal.DROPPED)
            - counters.total(FrameTotal.IN_FLIGHT);
    }
}
