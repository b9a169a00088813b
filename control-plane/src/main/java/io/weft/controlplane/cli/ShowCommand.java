package io.weft.controlplane.cli;

import io.weft.controlplane.view.NodeFiles;
import io.weft.controlplane.view.View;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints one of a node's tables from the files of its run directory; works without either process. */
@Command(name = "show", description = "Show a table of this node.", mixinStandardHelpOptions = true)
final class ShowCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Mixin private ConfigurationOptions options;

    @Parameters(paramLabel = "WHAT", description = "${COMPLETION-CANDIDATES}") private View subject;

    @Option(names = {"-o",
        "--output"}, paramLabel = "FORMAT", defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private OutputFormat format;

    @Option(names = "--all", description = "also print counters and drops that are 0") private boolean all;

    @Override
    public Integer call() {
        try (NodeFiles files = new NodeFiles(options.load().runDirectory())) {
            PrintWriter out = spec.commandLine().getOut();
            out.print(TableFormat.of(subject.read(files, all), format));
            out.flush();
        }
        return 0;
    }
}
