package io.weft.controlplane.cli;

import io.weft.controlplane.view.Table;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What commands that print a table of the API have in common. */
final class ReadOptions {
    @Mixin private ServerOptions server;

    @Option(names = {"-o",
        "--output"}, paramLabel = "FORMAT", defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private OutputFormat format;

    ApiClient api() {
        return server.api();
    }

    OutputFormat format() {
        return format;
    }

    int print(CommandSpec spec, Table table) {
        spec.commandLine().getOut().print(TableFormat.of(table, format, Set.of()));
        spec.commandLine().getOut().flush();
        return 0;
    }
}
