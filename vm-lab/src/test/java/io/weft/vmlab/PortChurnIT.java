package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.netlink.Link;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.SequencedUdp;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pods are attached and detached, or lose their veth, while others communicate. */
class PortChurnIT {
    private static final int CYCLES = Integer.getInteger("weft.it.portCycles", 60);
    private static final int UDP_PORT = 5002;
    private static final int PACKETS_PER_SECOND = 2000;
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("chur", 2);
    private static Lab lab;
    private static Pod near;
    private static Pod far;

    @BeforeAll
    static void bringUp() throws Exception {
        lab = LAB.lab();
        near = lab.node("n1").addPod("near");
        far = lab.node("n2").addPod("far");
    }

    @Test
    void deletingAVethDoesNotAffectOtherPods() throws Exception {
        WeftNode n1 = lab.node("n1");
        n1.addPod("victim");
        long ports = n1.view().portsUp();
        try (SequencedUdp udp = SequencedUdp.start(near.thread(), far.thread(), far.port(UDP_PORT), far.port(UDP_PORT),
            PACKETS_PER_SECOND)) {
            String victim = n1.hostInterfaceOf("victim");
            long start = System.nanoTime();
            try (Rtnetlink links = Rtnetlink.openIn(n1.namespace())) {
                assertTrue(links.deleteLink(victim));
            }
            n1.view().awaitPortsUp(ports - 1);
            System.out.printf("port gone %d ms after its veth%n", (System.nanoTime() - start) / 1_000_000);
            SequencedUdp.Result result = udp.finish();
            System.out.println(result);
            assertEquals(0, result.lost());
            assertEquals(0, result.reordered());
        }
        n1.removePod("victim");
    }

    @Test
    void manyAddsAndDelsLeakNothing() throws Exception {
        WeftNode n1 = lab.node("n1");
        cycle(n1);
        List<Integer> before = footprint(n1);
        for (int i = 0; i < CYCLES; i++) {
            cycle(n1);
        }
        assertEquals(before, footprint(n1), "open files of dataplane and control plane, devices of the node");
    }

    private static void cycle(WeftNode node) throws Exception {
        long ports = node.view().portsUp();
        node.addPod("churn");
        node.removePod("churn");
        node.view().awaitPortsUp(ports);
    }

    private static List<Integer> footprint(WeftNode node) throws Exception {
        try (Rtnetlink links = Rtnetlink.openIn(node.namespace())) {
            List<String> names = links.links().stream().map(Link::name).toList();
            return List.of(descriptors(node.dataplane()), descriptors(node.controlPlane()), names.size());
        }
    }

    private static int descriptors(ProcessHandle process) throws Exception {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
            return (int) open.count();
        }
    }
}
