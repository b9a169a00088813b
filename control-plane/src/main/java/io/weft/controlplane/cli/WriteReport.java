package io.weft.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.weft.controlplane.view.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What writes have changed, or would change: a row for each effect, or the API's answers as they are. One thread. */
final class WriteReport {
    private final Table table = new Table("write", "result", "subject", "before", "after");
    private final List<JsonNode> answers = new ArrayList<>();

    /** @param write as {@code drain 10.244.1.5} */
    void add(String write, JsonNode answer) {
        answers.add(answer);
        String result = result(answer);
        JsonNode effects = answer.path("effects");
        if (effects.isEmpty()) {
            table.add(write, result, "", "", "");
        }
        for (JsonNode effect : effects) {
            table.add(write, result, effect.path("subject").asText(), effect.path("before").asText(),
                effect.path("after").asText());
        }
    }

    private static String result(JsonNode answer) {
        boolean deleted = answer.path("deleted").asBoolean();
        if (answer.path("dryRun").asBoolean()) { return deleted ? "would be deleted" : "would be set"; }
        String done = deleted ? "deleted" : "set";
        return answer.path("inUse").asBoolean() ? done : done + ", workers will use it soon";
    }

    boolean isEmpty() { return answers.isEmpty(); }

    String text(OutputFormat format) {
        return switch (format) {
            case TABLE, WIDE -> TableFormat.text(table, Set.of());
            case JSON -> TableFormat.json(new ObjectMapper().writerWithDefaultPrettyPrinter(), answers) + "\n";
            case YAML -> TableFormat.json(new YAMLMapper().writer(), answers);
        };
    }
}
