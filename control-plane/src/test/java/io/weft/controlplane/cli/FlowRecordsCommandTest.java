package io.weft.controlplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.Await;
import io.weft.controlplane.api.ApiNode;
import io.weft.controlplane.api.RawClient;
import io.weft.controlplane.view.FlowNames;
import io.weft.dataplane.flowlog.FlowEndReason;
import io.weft.dataplane.flowlog.FlowLogRecord;
import io.weft.encap.address.IpAddress;
import io.weft.lb.flow.FlowRecord;
import io.weft.lb.flow.FlowState;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Flow records through the API and by the command, listed and followed. */
class FlowRecordsCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final FlowNames NAMES = new FlowNames(Map.of("10.244.1.5", "default/web-0"), Map.of());

    @TempDir private Path directory;

    private static void add(ApiNode node, int port, FlowEndReason reason) {
        int client = IpAddress.of("10.244.1.5").toInt();
        int server = IpAddress.of("192.0.2.9").toInt();
        node.flowRecords.add(new FlowLogRecord(reason, 1_000_000_000_123L, 1_000_000_005_000L,
            new FlowRecord(6, client, port, server, 443, client, port, server, 443, FlowState.CLOSE, 0, 4 << 24, 2, 0,
                5, 600),
            4, 4000), NAMES);
    }

    private ApiNode node() throws Exception {
        return new ApiNode(directory, Map.of("api.listen", "", "flows.records", "end"));
    }

    @Test
    void theLatestAreListedAndFiltered() throws Exception {
        try (ApiNode node = node()) {
            add(node, 40_000, FlowEndReason.RST);
            add(node, 40_001, FlowEndReason.TIMEOUT);
            node.flowRecords.addLost(3);
            CommandRun.Outcome all = CommandRun.of(node.run, "flow-records");
            assertEquals("weft: 3 records are lost, because they were not read in time\n", all.err());
            assertTrue(all.out().startsWith("START                     END                   PROTOCOL  SOURCE"),
                all.out());
            assertTrue(all.out().contains("\n2001-09-09T01:46:40.123Z  2001-09-09T01:46:45Z  tcp       10.244.1.5:40000"
                + "  192.0.2.9:443  192.0.2.9:443    rst            5    600              4         4000  default/"
                + "web-0\n"), all.out());
            JsonNode one = JSON.readTree(CommandRun.of(node.run, "flow-records", "-o", "json", "--filter", "port=40001",
                "--filter", "pod=default/*").out());
            assertEquals(1, one.size());
            assertEquals("timeout outbound", one.at("/0/reason").asText() + " " + one.at("/0/direction").asText());
            assertEquals(1, records(node, "?reason=rst&pod=default/web-0").size());
            assertEquals(0, records(node, "?reason=rst&port=1").size());
            JsonNode first = records(node, "?limit=1");
            assertEquals("10.244.1.5:40000", first.at("/0/source").asText());
            JsonNode second = records(node, "?limit=1&after=" + first.at("/0/id").asText());
            assertEquals("10.244.1.5:40001", second.at("/0/source").asText());
        }
    }

    private static JsonNode records(ApiNode node, String query) throws Exception {
        String answer = RawClient.exchange(node.socket(),
            RawClient.get("/api/v1/flow-records" + query, "Connection: close"));
        return JSON.readTree(answer.substring(answer.indexOf("\r\n\r\n") + 4)).path("records");
    }

    @Test
    void eachIsPrintedAsItComes() throws Exception {
        try (ApiNode node = node()) {
            add(node, 40_000, FlowEndReason.RST);
            StringWriter out = new StringWriter();
            CommandLine command = WeftCommand.commandLine().setOut(new PrintWriter(out))
                .setErr(new PrintWriter(out, true));
            Thread follow = Thread.ofPlatform().daemon().start(() -> command.execute("flow-records", "--follow",
                "--filter", "reason=rst", "--run-directory", node.run.toString()));
            Await.until("the one before", () -> out.toString().contains(":40000"), out::toString);
            add(node, 40_001, FlowEndReason.TIMEOUT);
            add(node, 40_002, FlowEndReason.RST);
            Await.until("the one after", () -> out.toString().contains(":40002"), out::toString);
            assertEquals(3, out.toString().lines().count(), out.toString());
            follow.interrupt();
            add(node, 40_003, FlowEndReason.RST);
            follow.join();
        }
    }

    @Test
    void withoutThemThereIsOneLine() throws Exception {
        try (ApiNode node = new ApiNode(directory, Map.of("api.listen", ""))) {
            CommandRun.Outcome outcome = CommandRun.of(node.run, "flow-records");
            assertEquals(1, outcome.status());
            assertEquals("weft: " + node.socket() + "/api/v1/flow-records?limit=5000: 404 flow records are off; the"
                + " configuration key flows.records turns them on, from the next start\n", outcome.err());
        }
    }
}
