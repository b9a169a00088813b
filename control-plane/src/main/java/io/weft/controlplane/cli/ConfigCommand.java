package io.weft.controlplane.cli;

import io.weft.controlplane.view.Table;
import io.weft.dataplane.config.NodeConfiguration;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The configuration as the processes would read it. */
@Command(name = "config", description = "The configuration of this node.", mixinStandardHelpOptions = true, subcommands = ConfigCommand.Show.class)
final class ConfigCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name a command; weft config --help lists them");
    }

    /** Prints every key. */
    @Command(name = "show", description = "Show every key with its value, and where the value comes from.", mixinStandardHelpOptions = true)
    static final class Show implements Callable<Integer> {
        @Spec private CommandSpec spec;

        @Mixin private ConfigurationOptions options;

        @Mixin private RowFilter filter;

        @Option(names = {"-o",
            "--output"}, paramLabel = "FORMAT", defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private OutputFormat format;

        @Override
        public Integer call() {
            Table table = new Table("key", "value", "from", "help");
            for (NodeConfiguration.Effective each : options.effective()) {
                table.add(each.key().key(), each.value(), each.origin(), each.key().help());
            }
            try {
                spec.commandLine().getOut().print(TableFormat.of(filter.apply(table), format, Set.of("help")));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), e.getMessage(), e);
            }
            spec.commandLine().getOut().flush();
            return 0;
        }
    }
}
