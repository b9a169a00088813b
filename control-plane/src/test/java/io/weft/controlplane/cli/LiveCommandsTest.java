package io.weft.controlplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.Await;
import io.weft.controlplane.FakeDataplane;
import io.weft.controlplane.status.StatusFile;
import io.weft.dataplane.config.ConfigurationKey;
import io.weft.dataplane.counters.ConductorGauge;
import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.PortState;
import io.weft.lb.flow.FlowTable;
import io.weft.nativebindings.linux.MappedMemory;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Filters, {@code --watch}, {@code weft top} and {@code weft config show}. */
class LiveCommandsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path run;

    private void writeTables() {
        CommandRun.writeTables(run);
    }

    private CommandRun.Outcome weft(String... arguments) {
        return CommandRun.of(run, arguments);
    }

    @Test
    void filtersAndWideColumns() throws Exception {
        writeTables();
        StatusFile.write(run, CommandRun.status(1, null));
        assertEquals(
            """
                SERVICE      ADDRESS  PORT   PROTOCOL  KIND      BACKEND     BACKEND PORT  LOCAL  USE            OPERATOR  POD
                default/web  node     30080  tcp       NodePort  10.244.1.5          8080  true   Cluster,Local            default/web-0
                """,
            weft("show", "backends", "-o", "wide", "--filter", "pod=default/*", "--filter", "port=30080").out());
        assertEquals(3, weft("show", "backends", "--filter", "address=10.244.1.0/24").out().lines().count());
        assertEquals(2, JSON.readTree(
            weft("show", "backends", "-o", "json", "--filter", "ADDRESS=node").out()).size());
        assertTrue(weft("show", "routes", "--filter", "kind=local-port").out()
            .contains("10.244.1.5/32  local-port  port 2 weft0123456789a default/web-0"));
        CommandRun.Outcome wrong = weft("show", "backends", "--filter", "colour=red");
        assertEquals(2, wrong.status());
        assertEquals("weft: --filter colour: no such column; there are service, address, port, protocol, kind, backend,"
            + " backendPort, local, use, operator, pod\n", wrong.err());
    }

    /** It goes on when files are missing, and ends when it is interrupted. */
    @Test
    void watchPrintsAgainAndAgain() throws Exception {
        StringWriter out = new StringWriter();
        CommandLine command = WeftCommand.commandLine().setOut(new PrintWriter(out));
        int[] status = {-1};
        Thread watch = Thread.ofPlatform().start(() -> status[0] = command.execute("show", "tunnels", "--watch",
            "--interval", "1", "--run-directory", run.toString()));
        Await.until("the complaint", () -> out.toString().contains("weft: no tables in"), out::toString);
        writeTables();
        Await.until("the table", () -> out.toString().contains("n2    192.0.2.2"), out::toString);
        watch.interrupt();
        watch.join();
        assertEquals(0, status[0]);
    }

    @Test
    void topShowsRatesOfWhatHasHappened() throws Exception {
        writeTables();
        StatusFile.write(run, CommandRun.status(1, null));
        try (FakeDataplane dataplane = new FakeDataplane(run)) {
            dataplane.say(2, 77, "weft0123456789a", PortState.UP, "");
            dataplane.drop(2, DropReason.TTL_EXPIRED);
            dataplane.set(ConductorGauge.WORKERS, 2);
            CommandRun.Outcome outcome = weft("top", "--once", "--interval", "1");
            assertEquals(1, outcome.status());
            assertTrue(outcome.err().contains("(is the dataplane running?)"), outcome.err());
            writeFlowTable();
            String page = weft("top", "--once", "--interval", "1").out();
            assertTrue(page.startsWith("weft top  n1  "), page);
            assertTrue(page.contains("frames/s: 0 received, 0 sent, 0 punted, 0 dropped; flows: 0 of"), page);
            assertTrue(page.contains("WORKER  LOAD  FRAMES/S  FRAMES PER BATCH\n     0"), page);
            assertTrue(page.contains("   2  weft0123456789a  default/web-0     0"), page);
            assertTrue(page.contains("ttl_expired         0       1"), page);
            assertFalse(page.contains("\u001B"), "escape sequences without a terminal");
        }
    }

    private void writeFlowTable() {
        int flows = 1024;
        try (MappedMemory memory = MappedMemory.createFile(run.resolve("flows"), FlowTable.sizeFor(flows))) {
            FlowTable.create(memory.address(), memory.size(), flows, 1);
        }
    }

    @Test
    void configShowNamesTheOriginOfEachValue() throws Exception {
        Path file = Files.writeString(run.resolve("weft.yaml"), "uplink: eth0\nworkers: 2\n");
        CommandRun.Outcome outcome = weft("config", "show", "--config", file.toString(), "--set", "overlay.vni=7", "-o",
            "json");
        assertEquals(0, outcome.status(), outcome.err());
        Map<String, String> values = new HashMap<>();
        JSON.readTree(outcome.out()).forEach(
            row -> values.put(row.path("key").asText(), row.path("value").asText() + " " + row.path("from").asText()));
        assertEquals(ConfigurationKey.values().length, values.size());
        assertEquals("2 " + file + ":2", values.get("workers"));
        assertEquals("7 --set", values.get("overlay.vni"));
        assertEquals("true default", values.get("masquerade"));
        assertEquals(2, weft("config", "show", "--config", file.toString(), "--set", "workers=many").status());
    }
}
