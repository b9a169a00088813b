package io.weft.vmlab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.BulkTransfer;
import io.weft.vmlab.traffic.HttpBackend;
import io.weft.vmlab.traffic.HttpBurst;
import io.weft.vmlab.traffic.Ping;
import io.weft.vmlab.traffic.SequencedUdp;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Effects on pods when a process of the node is killed: none for the control plane, a pause for the dataplane. */
class RestartIT {
    private static final int PORT = 5001;
    private static final int UDP_PORT = 5002;
    private static final int PACKETS_PER_SECOND = 2000;
    private static final long BYTES = 256L << 20;
    private static final InetSocketAddress WEB = new InetSocketAddress("10.96.0.80", 80);
    private static final List<Manifests.Port> WEB_PORTS = List.of(new Manifests.Port("http", "TCP", 80, 8080));
    @RegisterExtension final LabExtension labs = LabExtension.ofNodes("kill", 2);
    private Lab lab;
    private Pod near;
    private Pod far;

    @BeforeEach
    void bringUp() throws Exception {
        lab = labs.lab();
        near = lab.node("n1").addPod("near");
        far = lab.node("n2").addPod("far");
    }

    @Test
    void killingTheControlPlaneFiveTimesLosesNothingAndChangesTakeEffectAfterwards() throws Exception {
        WeftNode n1 = lab.node("n1");
        try (
            SequencedUdp udp = SequencedUdp.start(near.thread(), far.thread(), far.port(UDP_PORT), far.port(UDP_PORT),
                PACKETS_PER_SECOND);
            ExecutorService background = Executors.newSingleThreadExecutor()) {
            Future<BulkTransfer.Result> bulk = background.submit(
                () -> new BulkTransfer().run(near.thread(), far.thread(), far.port(PORT), far.port(PORT), BYTES));
            for (int i = 0; i < 5; i++) {
                n1.killControlPlane();
            }
            assertTrue(bulk.get(5, TimeUnit.MINUTES).intact());
            SequencedUdp.Result result = udp.finish();
            System.out.println("control plane killed five times: " + result);
            assertEquals(0, result.lost());
            assertEquals(0, result.reordered());
        }
        assertAnswers("before", far, "n2");
        assertAnswers("after", near, "n1");
    }

    /** Gives the Service one backend and checks that it answers. */
    private void assertAnswers(String name, Pod backend, String node) throws Exception {
        try (HttpBackend server = HttpBackend.start(backend.thread(), name, backend.port(8080))) {
            lab.manifests().service("web", WEB.getAddress(), WEB_PORTS);
            List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(backend.address(), node, true));
            lab.manifests().endpoints("web", WEB_PORTS, endpoints);
            lab.awaitEndpoints(WEB, endpoints);
            HttpBurst.Result result = new HttpBurst().run(near.thread(), WEB, 1, 1);
            assertEquals(Set.of(server.name()), result.perBackend().keySet(), result.failures().toString());
        }
    }

    @Test
    void killingTheDataplanePausesPodsOnly() throws Exception {
        WeftNode n1 = lab.node("n1");
        try (ExecutorService background = Executors.newSingleThreadExecutor()) {
            InetSocketAddress nodeAddress = new InetSocketAddress(n1.host().address(), PORT);
            Future<BulkTransfer.Result> management = background.submit(
                () -> new BulkTransfer().run(lab.outside().thread(), n1.thread(), nodeAddress, nodeAddress, BYTES));
            n1.killDataplane();
            assertTrue(management.get(5, TimeUnit.MINUTES).intact(), "TCP to the node's own address");
        }
        assertTrue(
            new BulkTransfer().run(near.thread(), far.thread(), far.port(PORT), far.port(PORT), 1 << 20).intact(),
            "pods communicate again");
    }

    @Test
    void podsLeakNothingWhileTheDataplaneIsDown() throws Exception {
        WeftNode n1 = lab.node("n1");
        n1.killAll();
        try (PodAddressWatch watch = new PodAddressWatch(lab.underlay(), near.host())) {
            Ping.Result result = Ping.run(near.thread(), lab.outside().address(), 20);
            assertEquals(0, result.received());
            assertEquals(List.of(), watch.frames(), "frames with a pod's address on the underlay");
        }
        n1.startAgain();
        assertTrue(
            new BulkTransfer().run(near.thread(), far.thread(), far.port(PORT), far.port(PORT), 1 << 20).intact(),
            "pods communicate again without a new ADD");
    }

    @Test
    void aSecondInstanceOnOneRunDirectoryIsRefusedInOneLine() throws Exception {
        WeftNode n1 = lab.node("n1");
        for (String role : List.of("dataplane", "control-plane", "node")) {
            ExternalCommand.Output second = n1.thread().call(
                ExternalCommand.file(n1.weftExecutable(), role, "--config", n1.configuration().toString())::run);
            assertEquals(1, second.exit(), second.text());
            assertEquals(1, second.text().lines().count(), second.text());
            assertTrue(second.text().contains(n1.runDirectory().toString()), second.text());
        }
        assertFalse(Ping.run(near.thread(), far.address(), 5).received() == 0);
    }
}
