package io.weft.controlplane.cli;

import java.io.PrintWriter;
import java.util.Locale;
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
    enum Subject {
        PORTS, SERVICES, BACKENDS, ROUTES, NEIGHBOURS, TUNNELS, FLOWS, COUNTERS, DROPS, ANNOTATIONS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Spec private CommandSpec spec;

    @Mixin private ConfigurationOptions options;

    @Parameters(paramLabel = "WHAT", description = "${COMPLETION-CANDIDATES}") private Subject subject;

    @Option(names = {"-o",
        "--output"}, paramLabel = "FORMAT", defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private OutputFormat format;

    @Option(names = "--all", description = "also print counters and drops that are 0") private boolean all;

    @Override
    public Integer call() {
        try (NodeFiles files = new NodeFiles(options.load().runDirectory())) {
            PrintWriter out = spec.commandLine().getOut();
            out.print(table(files).format(format));
            out.flush();
        }
        return 0;
    }

    private Table table(NodeFiles files) {
        return switch (subject) {
            case PORTS -> PortTables.ports(files);
            case SERVICES -> ServiceViews.services(files.requireTables());
            case BACKENDS -> ServiceViews.backends(files.requireTables());
            case ROUTES -> NodeTables.routes(files.requireTables());
            case NEIGHBOURS -> NodeTables.neighbours(files.requireCounters());
            case TUNNELS -> NodeTables.tunnels(files);
            case FLOWS -> NodeTables.flows(files.requireFlows(), files.podNames());
            case COUNTERS -> CounterTables.counters(files.requireCounters(), all);
            case DROPS -> CounterTables.drops(files, all);
            case ANNOTATIONS -> NodeTables.annotations(files);
        };
    }
}
