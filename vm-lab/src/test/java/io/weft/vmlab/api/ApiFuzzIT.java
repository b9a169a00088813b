package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.vmlab.LabExtension;
import io.weft.vmlab.lab.Lab;
import io.weft.vmlab.lab.Manifests;
import io.weft.vmlab.lab.Pod;
import io.weft.vmlab.lab.WeftNode;
import io.weft.vmlab.traffic.SequencedUdp;
import io.weft.vmlab.traffic.UdpEcho;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Requests made from the OpenAPI document by Schemathesis, with the tokens of both roles, against a node with pods, Services, flows and
 * writes: no answer is a failure of the server, none is outside the document, and a numbered stream loses nothing meanwhile. Part of
 * {@code weft verify --all} only.
 */
@Tag("all")
class ApiFuzzIT {
    private static final int SECONDS = Integer.getInteger("weft.it.fuzzSeconds", 60);
    private static final String SERVER = "http://127.0.0.1:9797";
    private static final InetSocketAddress WEB = new InetSocketAddress("10.96.0.80", 80);
    private static final int BACKEND_PORT = 8080;
    private static final int STREAM_PORT = 5001;
    private static final int PACKETS_PER_SECOND = 500;
    private static final int PATIENCE_SECONDS = 300;
    @RegisterExtension static final LabExtension LAB = LabExtension.ofNodes("fuzz", 2).needing("python3")
        .withSetting("flows.records", "all");
    private static Schemathesis schemathesis;
    private static WeftNode node;
    private static Pod near;
    private static Pod far;
    private static UdpEcho.Server backend;

    @BeforeAll
    static void bringUp() throws Exception {
        schemathesis = Schemathesis.provide();
        Lab lab = LAB.lab();
        node = lab.node("n1");
        near = node.addPod("near");
        far = lab.node("n2").addPod("far");
        backend = UdpEcho.serve(far.thread(), far.port(BACKEND_PORT));
        List<Manifests.Port> ports = List.of(new Manifests.Port("echo", "UDP", WEB.getPort(), BACKEND_PORT));
        List<Manifests.Endpoint> endpoints = List.of(new Manifests.Endpoint(far.address(), "n2", true));
        lab.manifests().service("web", WEB.getAddress(), ports);
        lab.manifests().endpoints("web", ports, endpoints);
        lab.awaitEndpoints(WEB, endpoints);
        UdpEcho.measure(near.thread(), WEB, 10, 1_000_000);
    }

    @AfterAll
    static void takeDown() throws Exception {
        if (backend != null) {
            backend.close();
        }
    }

    /** @param share of the time, in percent */
    @ParameterizedTest
    @CsvSource({"operate,80", "read,20"})
    void everyAnswerIsInTheDocument(String role, int share) throws Exception {
        Path directory = Files.createDirectories(Path.of("target/fuzz")).toAbsolutePath();
        Path report = directory.resolve(role + ".txt");
        Path document = Files.writeString(directory.resolve("openapi.json"),
            new NodeApi(node).send("GET", "/api/v1/openapi.json", "").body());
        ApiDoor door = ApiDoor.tcp(node, role);
        ProcessFootprint before = ProcessFootprint.of(node.controlPlane());
        try (SequencedUdp stream = SequencedUdp.start(near.thread(), far.thread(), far.port(STREAM_PORT),
            far.port(STREAM_PORT), PACKETS_PER_SECOND)) {
            int seconds = SECONDS * share / 100;
            String token = door.token().strip().replaceFirst(".* ", "");
            Process run = node.thread().call(schemathesis.run(document, SERVER, token, seconds, report)::start);
            try {
                boolean ended = run.waitFor(seconds + PATIENCE_SECONDS, TimeUnit.SECONDS);
                String text = Files.readString(report);
                assertEquals("ended with 0", ended ? "ended with " + run.exitValue() : "has not ended", text);
                SequencedUdp.Result result = stream.finish();
                System.out.printf("%s: %s; %s; p99 %.3f ms; control plane: before %s, after %s%n", role,
                    text.lines().filter(line -> line.contains(" generated, ")).map(String::strip)
                        .collect(Collectors.joining()),
                    result, stream.oneWayNanos().getValueAtPercentile(99) / 1e6, before,
                    ProcessFootprint.of(node.controlPlane()));
                assertEquals(0, result.lost(), result.toString());
                assertEquals(0, result.reordered(), result.toString());
            } finally {
                run.destroyForcibly().waitFor();
            }
        }
        assertEquals(0, new NodeApi(node).send("GET", "/api/v1/node", "").json()
            .at("/controlPlane/health/failures").asInt(-1), "unexpected failures, which the log describes");
    }
}
