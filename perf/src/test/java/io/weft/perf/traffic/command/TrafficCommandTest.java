package io.weft.perf.traffic.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.perf.traffic.Requirements;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The commands as a user calls them, over a veth pair. */
class TrafficCommandTest {
    private static final String NAME = "wp" + ProcessHandle.current().pid();

    @BeforeAll
    static void needsRoot() {
        Requirements.root();
    }

    @Test
    void judgesFramesAtARate() throws IOException {
        JsonNode result = run(new TrafficCommand(), "--rate", "2000", "--duration", "0.3", "--size", "128");
        assertEquals(600, result.path("sent").asLong());
        assertEquals(result.path("sent").asLong(), result.path("received").asLong());
        assertEquals(0, result.path("lost").asLong() + result.path("reordered").asLong()
            + result.path("duplicated").asLong());
        assertTrue(result.path("latencyMicros").path("p99").asDouble() > 0);
    }

    @Test
    void countsOverload() throws IOException {
        JsonNode result = run(new TrafficCommand(), "--duration", "0.2", "--size", "imix", "--flows", "1000");
        long sent = result.path("sent").asLong();
        assertTrue(sent > 0);
        assertEquals(sent, result.path("received").asLong() + result.path("lost").asLong());
    }

    @Test
    void findsThroughput() throws IOException {
        JsonNode result = run(new ThroughputCommand(), "--trial", "0.1", "--size", "64", "--loss", "50%");
        assertTrue(result.path("mpps").asDouble() > 0);
    }

    @Test
    void measuresLatencyInRounds() throws IOException {
        JsonNode result = run(new LatencyCommand(), "--rate", "500", "--duration", "0.2", "--rounds", "2");
        assertEquals(2, result.path("rounds").asInt());
        assertEquals(200, result.path("sent").asLong());
        assertTrue(result.path("p50").path("median").asDouble() > 0);
    }

    private static JsonNode run(Callable<Integer> command, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("--through", "direct", "--name", NAME, "-o", "json"));
        Collections.addAll(all, arguments);
        StringWriter out = new StringWriter();
        CommandLine line = new CommandLine(command).setOut(new PrintWriter(out));
        assertEquals(0, line.execute(all.toArray(String[]::new)));
        return new ObjectMapper().readTree(out.toString()).path("results").path(0);
    }
}
