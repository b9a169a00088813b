package io.weft.controlplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Completion and manual contain every command and option, also of other processes. */
class ShellCommandsTest {
    private static CommandRun.Outcome weft(String... arguments) {
        return CommandRun.of(Path.of("/nonexistent"), arguments);
    }

    @Test
    void completionKnowsEveryCommandOfEveryShell() {
        String bash = weft("completion", "bash").out();
        assertTrue(bash.startsWith("#!/usr/bin/env bash"));
        assertEquals(bash, weft("completion", "zsh").out(), "bash's script turns on bash's way of completion in zsh");
        String fish = weft("completion", "fish").out();
        for (String command : List.of("status", "show", "top", "doctor", "config", "cni", "trace", "capture", "explain",
            "dataplane", "lab", "drain", "undrain", "pause", "resume", "route", "log-level", "snapshot")) {
            assertTrue(bash.contains(" " + command), command);
            assertTrue(fish.contains("complete -c weft -n '__fish_use_subcommand' -a " + command + " "), command);
        }
        assertTrue(bash.contains("--snaplen"));
        assertTrue(fish.contains("complete -c weft -n '__fish_seen_subcommand_from trace' -s c -l count -r"), fish);
        assertTrue(fish.contains("complete -c weft -n '__fish_seen_subcommand_from show' -a 'ports pods "), fish);
        assertTrue(fish.contains("'__fish_seen_subcommand_from show' -s o -l output -x -a 'table wide json yaml'"),
            fish);
        assertEquals(0, fish.lines().filter(line -> !line.startsWith("complete -c weft ")).count(), fish);
    }

    /** The options of the commands on the dataplane's class path, as their own sources have them. */
    @ParameterizedTest
    @ValueSource(strings = {"trace/command/TraceArguments", "capture/command/CaptureArguments",
        "capture/command/FilterOptions", "explain/ExplainArguments"})
    void completionKnowsTheOptionsOfOtherProcesses(String source) throws Exception {
        String text = Files.readString(Path.of("..", "dataplane", "src", "main", "java", "io", "weft", "dataplane",
            source + ".java"));
        String command = source.contains("Trace") ? "trace" : source.contains("Explain") ? "explain" : "capture";
        Set<String> known = ShellCommands.all().getSubcommands().get(command).getCommandSpec().optionsMap().keySet();
        List<String> missing = Pattern.compile("case ((?:\"-[-a-zA-Z]+\",? ?)+)->").matcher(text).results()
            .flatMap(match -> Stream.of(match.group(1).split(",")))
            .map(name -> name.replace("\"", "").strip()).filter(name -> !known.contains(name)).toList();
        assertEquals(List.of(), missing);
        assertTrue(text.contains("case \"-"), "options are found");
    }

    @Test
    void theManualHasEveryCommandAndOption() {
        String page = weft("man").out();
        assertTrue(page.startsWith(".TH WEFT 1"));
        ShellCommands.all().getSubcommands().forEach((name, command) -> {
            assertTrue(page.contains("\n.SS weft " + name.replace("-", "\\-")), name);
            command.getCommandSpec().optionsMap().keySet()
                .forEach(option -> assertTrue(page.contains(option.replace("-", "\\-")), name + " " + option));
        });
        assertFalse(page.contains("${"), page);
    }
}
