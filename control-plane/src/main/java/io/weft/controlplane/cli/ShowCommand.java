package io.weft.controlplane.cli;

import io.weft.controlplane.view.Table;
import io.weft.controlplane.view.View;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints one of a node's tables from the files of its run directory, which works without either process, or from its REST API. */
@Command(name = "show", description = "Show a table of this node, or of another one.", mixinStandardHelpOptions = true)
final class ShowCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Mixin private ServerOptions server;

    @Mixin private RowFilter filter;

    @Mixin private WatchOptions watch;

    @Parameters(paramLabel = "WHAT", description = "${COMPLETION-CANDIDATES}") private View subject;

    @Option(names = {"-o",
        "--output"}, paramLabel = "FORMAT", defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private OutputFormat format;

    @Option(names = "--all", description = "also print counters and drops that are 0") private boolean all;

    @Override
    public Integer call() throws Exception {
        NodeSource source = server.source();
        PrintWriter out = spec.commandLine().getOut();
        return watch.run(out, () -> {
            out.print(TableFormat.of(filtered(source.table(subject, all)), format, subject.wideColumns()));
            out.flush();
            return 0;
        });
    }

    private Table filtered(Table table) {
        try {
            return filter.apply(table);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
