package io.weft.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.controlplane.view.Table;
import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What all commands that write through the API have in common. */
final class WriteOptions {
    @Mixin private ReadOptions read;

    @Option(names = "--dry-run", description = "say what it would change, and change nothing") private boolean dryRun;

    /** One write, of several that a command may carry out. */
    interface Step {
        JsonNode carryOut(WriteClient client);
    }

    ApiClient api() {
        return read.api();
    }

    /**
     * Carries out writes one after the other, up to the first that fails, and prints what has become of them.
     *
     * @param steps by title, as {@code drain 10.244.1.5}
     */
    int run(CommandSpec spec, ApiClient api, Map<String, Step> steps) {
        WriteClient client = new WriteClient(api, dryRun);
        WriteReport report = new WriteReport();
        PrintWriter out = spec.commandLine().getOut();
        try {
            steps.forEach((title, step) -> report.add(title, step.carryOut(client)));
        } finally {
            if (!report.isEmpty()) {
                out.print(report.text(read.format()));
                out.flush();
            }
        }
        return 0;
    }

    /**
     * Prints a list of the API.
     *
     * @param columns if it is empty
     */
    int list(CommandSpec spec, String path, String... columns) {
        return read.print(spec, api().table(path, new Table(columns)));
    }

    int print(CommandSpec spec, Table table) {
        return read.print(spec, table);
    }
}
