package io.weft.controlplane.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** A completion script for fish, as complete(1) of fish wants it. */
final class FishCompletion {
    private final StringBuilder script = new StringBuilder("complete -c weft -f\n");

    private FishCompletion() {
    }

    static String of(CommandLine weft) {
        FishCompletion completion = new FishCompletion();
        completion.add(weft, List.of());
        return completion.script.toString();
    }

    /** @param path the command's names, without {@code weft} */
    private void add(CommandLine command, List<String> path) {
        Map<String, CommandLine> children = command.getSubcommands();
        String here = condition(path, List.copyOf(children.keySet()));
        children.forEach((name, child) -> line(here, " -a " + name, description(child)));
        for (OptionSpec option : command.getCommandSpec().options()) {
            if (!option.hidden()) {
                line(here, names(option) + values(option), first(option.description()));
            }
        }
        for (PositionalParamSpec positional : command.getCommandSpec().positionalParameters()) {
            List<String> candidates = candidates(positional);
            if (!candidates.isEmpty()) {
                line(here, " -a " + quoted(String.join(" ", candidates)), "");
            }
        }
        children.forEach((name, child) -> {
            List<String> below = new ArrayList<>(path);
            below.add(name);
            add(child, below);
        });
    }

    /** True where this command is being typed, and none of its own commands has been yet. */
    private static String condition(List<String> path, List<String> children) {
        if (path.isEmpty()) { return "__fish_use_subcommand"; }
        String seen = path.stream().map(name -> "__fish_seen_subcommand_from " + name)
            .collect(Collectors.joining("; and "));
        return children.isEmpty() ? seen
            : seen + "; and not __fish_seen_subcommand_from " + String.join(" ", children);
    }

    private static String names(OptionSpec option) {
        return Arrays.stream(option.names())
            .map(name -> name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1))
            .collect(Collectors.joining());
    }

    private static String values(OptionSpec option) {
        if (option.arity().max() == 0) { return ""; }
        List<String> candidates = candidates(option);
        return candidates.isEmpty() ? " -r" + (isFile(option) ? " -F" : "")
            : " -x -a " + quoted(String.join(" ", candidates));
    }

    private static boolean isFile(OptionSpec option) {
        return option.paramLabel().contains("FILE") || option.paramLabel().contains("DIR");
    }

    static List<String> candidates(ArgSpec argument) {
        if (argument.completionCandidates() != null) {
            return StreamSupport.stream(argument.completionCandidates().spliterator(), false).toList();
        }
        return argument.type().isEnum()
            ? Arrays.stream(argument.type().getEnumConstants()).map(value -> value.toString().toLowerCase(
                Locale.ROOT)).toList()
            : List.of();
    }

    private void line(String condition, String what, String description) {
        script.append("complete -c weft -n ").append(quoted(condition)).append(what)
            .append(description.isEmpty() ? "" : " -d " + quoted(description)).append('\n');
    }

    private static String description(CommandLine command) {
        return first(command.getCommandSpec().usageMessage().description());
    }

    private static String first(String... lines) {
        return lines.length == 0 || lines[0].startsWith("${") ? "" : lines[0];
    }

    /** In fish, only these two are special between single quotes. */
    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
