package io.weft.controlplane.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints a shell's completion script. */
@Command(name = "completion", description = "Print the completion script of a shell: source <(weft completion bash), weft completion fish | source", mixinStandardHelpOptions = true)
final class CompletionCommand implements Callable<Integer> {
    enum Shell {
        BASH,
        /** Has bash's way of completion too; the script turns it on. */
        ZSH,
        FISH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}") private Shell shell;

    @Override
    public Integer call() {
        String script = switch (shell) {
            case BASH, ZSH -> AutoComplete.bash("weft", ShellCommands.all());
            case FISH -> FishCompletion.of(ShellCommands.all());
        };
        spec.commandLine().getOut().print(script);
        spec.commandLine().getOut().flush();
        return 0;
    }
}
