package io.weft.controlplane.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the manual page. */
@Command(name = "man", description = "Print the manual page: weft man | man -l -", mixinStandardHelpOptions = true)
final class ManCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().getOut().print(ManPage.of(ShellCommands.all()));
        spec.commandLine().getOut().flush();
        return 0;
    }
}
