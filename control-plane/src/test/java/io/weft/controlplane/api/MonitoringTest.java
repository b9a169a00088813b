package io.weft.controlplane.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.status.ControlPlaneStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Grafana board, the alert rules and the documents name only metrics that a node has. */
class MonitoringTest {
    private static final Pattern METRIC = Pattern.compile("\\bweft_[a-z0-9_]+");
    private static final Pattern IN_CODE = Pattern.compile("`(weft_[a-z0-9_]+)[`{ ]");
    private static final Pattern SAMPLE = Pattern.compile("^(weft_[a-z0-9_]+)[{ ]", Pattern.MULTILINE);
    private static final Path MONITORING = Path.of("../dist/src/monitoring");

    @TempDir private Path directory;

    private Set<String> served() throws IOException {
        try (ApiNode node = new ApiNode(directory, Map.of("api.listen", "", "flows.records", "end")).withContents()) {
            ControlPlaneStatus plain = node.status("", List.of());
            node.status.set(new ControlPlaneStatus(plain.pid(), plain.nodeName(), plain.startedMillis(),
                plain.updatedMillis(), plain.source(), plain.problems(), plain.tables(), plain.addresses(),
                plain.updateLatency(), plain.annotations(), plain.podNames(), plain.health(),
                new ControlPlaneStatus.Publication(1, "", 0),
                new ControlPlaneStatus.CniInstallation("05-weft.conflist", "", List.of()), plain.operator()));
            String answer = RawClient.exchange(node.socket(), RawClient.get("/metrics", "Connection: close"));
            return names(SAMPLE, answer, 1);
        }
    }

    private static Set<String> names(Pattern pattern, String text, int group) {
        return pattern.matcher(text).results().map((MatchResult found) -> found.group(group))
            .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void boardAndRulesNameOnlyMetricsThatExist() throws IOException {
        Set<String> served = served();
        for (String file : List.of("weft-dashboard.json", "weft-alerts.yaml", "weft-alerts.test.yaml")) {
            Set<String> named = names(METRIC, Files.readString(MONITORING.resolve(file)), 0);
            assertTrue(named.size() > 20, named.toString());
            named.removeAll(served);
            assertEquals(Set.of(), named, file);
        }
    }

    @Test
    void theDocumentsNameOnlyMetricsThatExist() throws IOException {
        Set<String> served = served();
        try (Stream<Path> documents = Files.list(Path.of("../docs"))) {
            for (Path document : documents.filter(path -> path.toString().endsWith(".md")).toList()) {
                Set<String> named = names(IN_CODE, Files.readString(document), 1);
                named.removeIf(name -> served.contains(name) || served.contains(name + "_count"));
                assertEquals(Set.of(), named, document.toString());
            }
        }
    }
}
