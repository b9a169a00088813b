package io.weft.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.controlplane.view.Table;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints or sets the level from which on both processes log. */
@Command(name = "log-level", description = "Print the log level of both processes, or set it, without a restart.", mixinStandardHelpOptions = true)
final class LogLevelCommand implements Callable<Integer> {
    private static final String TITLE = "log-level";
    private static final String PATH = Names.path(TITLE);

    @Spec private CommandSpec spec;

    @Mixin private WriteOptions write;

    @Mixin private SetOptions set;

    @Option(names = "--reset", description = "back to info, the default") private boolean reset;

    @Parameters(paramLabel = "LEVEL", arity = "0..1", description = "error, warning, info or debug") private String level;

    @Override
    public Integer call() {
        if (reset && level != null) { throw new ParameterException(spec.commandLine(), "--reset: takes no level"); }
        ApiClient api = write.api();
        if (reset) {
            return write.run(spec, api,
                Map.of(TITLE, client -> client.delete(TITLE, PATH, "the log level is the default, info")));
        }
        if (level != null) {
            return write.run(spec, api, Map.of(TITLE + " " + level, client -> client.set(TITLE,
                PATH, set.body(Map.of("level", level)), set.isForced())));
        }
        JsonNode now = api.get(PATH).json();
        Table table = new Table("level", "comment", "since");
        table.add(now.path("level").asText(), now.path("comment").asText(), now.path("since").asText(""));
        return write.print(spec, table);
    }
}
