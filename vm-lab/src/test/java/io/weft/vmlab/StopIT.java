package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.BulkTransfer;
import io.weft.vmlab.traffic.SequencedUdp;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An operator stops and restarts a node that has pods, and queries its state. */
class StopIT {
    private static final int PORT = 5001;
    private static final int UDP_PORT = 5002;
    private static final int PACKETS_PER_SECOND = 2000;
    private static final List<String> HOST = List.of("ip -o link", "ip -o address", "ip route show table all",
        "ip rule",
        "ip neigh show nud permanent", "sysctl net.ipv4.conf", "sysctl net.ipv6.conf", "ethtool -l uplink0",
        "ethtool -k uplink0");
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("stop", 2);
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
    void stoppingUnderTrafficRestoresTheHostAndPodsCommunicateAfterARestart() throws Exception {
        WeftNode n1 = lab.node("n1");
        stop(n1);
        String idle = host(n1);
        assertFalse(idle.contains("weft-host"), idle);
        assertFalse(idle.contains("10.244.0.0/16"), idle);
        startAgain(n1);
        try (SequencedUdp udp = SequencedUdp.start(near.thread(), far.thread(), far.port(UDP_PORT), far.port(UDP_PORT),
            PACKETS_PER_SECOND)) {
            stop(n1);
            assertEquals(idle, host(n1));
            startAgain(n1);
            udp.finish();
        }
    }

    @Test
    void theProcessesEndWithAKilledSupervisorAndANewOneStartsAtOnce() throws Exception {
        WeftNode n1 = lab.node("n1");
        List<ProcessHandle> children = List.of(n1.dataplane(), n1.controlPlane());
        n1.process().orElseThrow().destroyForcibly().waitFor();
        startAgain(n1);
        for (ProcessHandle child : children) {
            child.onExit().get(1, TimeUnit.MINUTES);
        }
    }

    @Test
    void everyTableIsReadableByProgramsWhileTheNodeForwards() throws Exception {
        WeftNode n1 = lab.node("n1");
        for (String subject : List.of("ports", "services", "backends", "routes", "neighbours", "tunnels", "flows",
            "counters", "drops", "annotations")) {
            JsonNode rows = new ObjectMapper().readTree(n1.weft("show", subject, "-o", "json"));
            assertTrue(rows.isArray(), subject);
        }
        assertEquals("n1", new ObjectMapper().readTree(n1.weft("status", "-o", "json")).path("node").asText());
        assertFalse(n1.weft("doctor").contains("FAIL"));
        assertEquals(List.of(), Files.readString(n1.log()).lines()
            .filter(line -> line.startsWith("WARNING: ") || line.contains(" VM warning: ")).toList(),
            "notices of the JVM");
    }

    private static void stop(WeftNode node) throws Exception {
        Process process = node.process().orElseThrow();
        long start = System.nanoTime();
        process.destroy();
        assertEquals(0, process.waitFor(), Files.readString(node.log()));
        System.out.printf("stopped in %d ms%n", (System.nanoTime() - start) / 1_000_000);
    }

    private static void startAgain(WeftNode node) throws Exception {
        node.start();
        lab.awaitReady();
        node.view().awaitPortsUp(3);
        assertTrue(
            new BulkTransfer().run(near.thread(), far.thread(), far.port(PORT), far.port(PORT), 1 << 20).intact(),
            "pods communicate again without a new ADD");
    }

    /** Everything in the node's kernel that Weft might have changed. */
    private static String host(WeftNode node) throws Exception {
        StringBuilder text = new StringBuilder();
        for (String command : HOST) {
            ExternalCommand.Output output = node.thread().call(ExternalCommand.of(List.of(command.split(" ")))::run);
            assertEquals(0, output.exit(), output.text());
            text.append(output.text());
        }
        return text.toString();
    }
}
