package io.weft.vmlab;

import io.weft.vmlab.command.LabConformanceCommand;
import io.weft.vmlab.command.LabDownCommand;
import io.weft.vmlab.command.LabExecCommand;
import io.weft.vmlab.command.LabStatusCommand;
import io.weft.vmlab.command.LabUpCommand;
import io.weft.vmlab.demo.DemoCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code weft lab …} and {@code weft demo}. Exit codes: 0 done, 1 failed, 2 wrong usage. */
@Command(name = "weft", description = "Clusters of network namespaces on this machine", subcommands = {
    DemoCommand.class, LabCommand.LabGroup.class, CommandLine.HelpCommand.class})
public final class LabCommand {
    private LabCommand() {}

    /** {@code weft lab}. */
    @Command(name = "lab", description = "A cluster of network namespaces to try Weft in", subcommands = {
        LabUpCommand.class, LabDownCommand.class, LabStatusCommand.class,
        LabExecCommand.class, LabConformanceCommand.class}, mixinStandardHelpOptions = true)
    static final class LabGroup {}

    public static void main(String[] arguments) {
        CommandLine command = new CommandLine(new LabCommand());
        command.setExecutionExceptionHandler((exception, line, parsed) -> {
            String message = exception.getMessage() == null ? exception.toString() : exception.getMessage();
            line.getErr().println("weft: " + message.lines().findFirst().orElse(message));
            return CommandLine.ExitCode.SOFTWARE;
        });
        System.exit(command.execute(arguments));
    }
}
