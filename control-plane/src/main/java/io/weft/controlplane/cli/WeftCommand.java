package io.weft.controlplane.cli;

import io.weft.controlplane.role.StartException;
import io.weft.controlplane.view.UnavailableException;
import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.config.ExitCode;
import io.weft.dataplane.config.SupervisedProcess;
import io.weft.nativebindings.linux.LinuxException;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code weft}. Exit status: 0 done, 1 failed, 2 wrong usage or configuration; an error is one line. */
@Command(name = "weft", description = "The packet path of a Kubernetes node.", mixinStandardHelpOptions = true, versionProvider = WeftCommand.Version.class, subcommands = {
    NodeCommand.class, ControlPlaneCommand.class, StatusCommand.class, ShowCommand.class,
    TopCommand.class, DrainCommand.class, DrainCommand.Undo.class, PauseCommand.class, PauseCommand.Undo.class,
    RouteCommand.class, LogLevelCommand.class, SnapshotCommand.class, FlowRecordsCommand.class, DoctorCommand.class,
    ConfigCommand.class,
    CniCommand.class, CompletionCommand.class,
    ManCommand.class})
public final class WeftCommand implements Runnable {
    @Spec private CommandSpec spec;

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new WeftCommand())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExecutionExceptionHandler(WeftCommand::failed)
            .setParameterExceptionHandler(WeftCommand::wrongUsage);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name a command; weft --help lists them");
    }

    private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) throws Exception {
        switch (e) {
            case ConfigurationException wrong -> {
                print(command, wrong.getMessage());
                return ExitCode.WRONG_USAGE;
            }
            case StartException refused -> print(command, refused.getMessage());
            case UnavailableException missing -> print(command, missing.getMessage());
            case LinuxException refused -> print(command, refused.getMessage());
            case UncheckedIOException failure -> print(command, failure.getMessage());
            default -> throw e;
        }
        return SupervisedProcess.setUpFailure();
    }

    private static int wrongUsage(ParameterException e, String[] args) {
        print(e.getCommandLine(), e.getMessage());
        return ExitCode.WRONG_USAGE;
    }

    private static void print(CommandLine command, String message) {
        command.getErr().println("weft: " + message);
    }

    /** From the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = WeftCommand.class.getPackage().getImplementationVersion();
            return new String[]{"weft " + (version == null ? "(development)" : version)};
        }
    }
}
