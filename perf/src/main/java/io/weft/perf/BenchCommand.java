package io.weft.perf;

import io.weft.perf.bulk.BulkCommand;
import io.weft.perf.change.ChangeCommand;
import io.weft.perf.compare.CompareCommand;
import io.weft.perf.lab.EchoCommand;
import io.weft.perf.lab.FirstPacketCommand;
import io.weft.perf.lab.IdleCommand;
import io.weft.perf.micro.MicroCommand;
import io.weft.perf.report.ReportCommand;
import io.weft.perf.traffic.command.FramesCommand;
import io.weft.perf.traffic.command.LatencyCommand;
import io.weft.perf.traffic.command.ThroughputCommand;
import io.weft.perf.traffic.command.TrafficCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code weft bench …}. Exit codes: 0 done, 1 failed, 2 wrong usage. */
@Command(name = "bench", description = "Benchmarks of Weft on this machine", subcommands = {MicroCommand.class,
    EchoCommand.class, FirstPacketCommand.class, IdleCommand.class, CompareCommand.class, ReportCommand.class,
    TrafficCommand.class, ThroughputCommand.class, LatencyCommand.class, FramesCommand.class,
    BulkCommand.class, ChangeCommand.class,
    CommandLine.HelpCommand.class}, mixinStandardHelpOptions = true)
public final class BenchCommand {
    private BenchCommand() {
    }

    public static void main(String[] arguments) {
        CommandLine command = new CommandLine(new BenchCommand());
        command.setExecutionExceptionHandler((exception, line, parsed) -> {
            line.getErr().println("weft: " + exception.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
        });
        System.exit(command.execute(arguments));
    }
}
