package io.weft.controlplane.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.weft.controlplane.view.NodeStatus;
import io.weft.dataplane.config.ExitCode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints a summary of a node on one page. Exit status 1 if neither of its processes runs. */
@Command(name = "status", description = "Show the state of this node, or of another one.", mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Mixin private ServerOptions server;

    @Mixin private WatchOptions watch;

    @Option(names = {"-o",
        "--output"}, paramLabel = "FORMAT", defaultValue = "table", description = "${COMPLETION-CANDIDATES}") private OutputFormat format;

    @Override
    public Integer call() throws Exception {
        NodeSource source = server.source();
        PrintWriter out = spec.commandLine().getOut();
        return watch.run(out, () -> print(source, out));
    }

    private int print(NodeSource source, PrintWriter out) {
        NodeStatus status = source.status();
        out.print(switch (format) {
            case TABLE, WIDE -> StatusText.of(status, source.place());
            case JSON -> TableFormat.json(new ObjectMapper().writerWithDefaultPrettyPrinter(), status) + "\n";
            case YAML -> TableFormat.json(new YAMLMapper().writer(), status);
        });
        out.flush();
        return status.dataplane().running() || status.controlPlane().running() ? 0 : ExitCode.FAILED;
    }
}
