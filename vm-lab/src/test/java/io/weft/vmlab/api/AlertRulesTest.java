package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.weft.nativebindings.process.ExternalCommand;
import io.weft.vmlab.Requirements;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The alert rules that Weft comes with, against their own tests, by Prometheus' {@code promtool}. */
class AlertRulesTest {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final Path MONITORING = Path.of("../dist/src/monitoring");
    private static final String RULES = "weft-alerts.yaml";
    private static final String TESTS = "weft-alerts.test.yaml";

    @Test
    void promtoolPassesTheRulesAndTheirTests() throws Exception {
        Requirements.tool("promtool");
        ExternalCommand.Output rules = ExternalCommand.of("promtool", "check", "rules",
            MONITORING.resolve(RULES).toString()).run();
        assertEquals(0, rules.exit(), rules.text());
        ExternalCommand.Output tests = ExternalCommand.of("promtool", "test", "rules",
            MONITORING.resolve(TESTS).toString()).run();
        assertEquals(0, tests.exit(), tests.text());
    }

    @Test
    void eachAlertHasATestInWhichItFiresAndOneInWhichItDoesNot() throws IOException {
        Set<String> alerts = new TreeSet<>();
        for (JsonNode group : YAML.readTree(MONITORING.resolve(RULES).toFile()).path("groups")) {
            group.path("rules").forEach(rule -> alerts.add(rule.path("alert").asText()));
        }
        Set<String> firing = new TreeSet<>();
        Set<String> silent = new TreeSet<>();
        for (JsonNode test : YAML.readTree(MONITORING.resolve(TESTS).toFile()).path("tests")) {
            test.path("alert_rule_test").forEach(check -> (check.has("exp_alerts") ? firing : silent)
                .add(check.path("alertname").asText()));
        }
        assertEquals(alerts, firing);
        assertEquals(alerts, silent);
    }
}
