package io.weft.controlplane.cli;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The manual page weft(1), made of the commands themselves; man(7). */
final class ManPage {
    private static final String HEAD = """
        .TH WEFT 1 "" "Weft" "User Commands"
        .SH NAME
        weft \\- the packet path of a Kubernetes node
        .SH SYNOPSIS
        .B weft
        .RI [ \\-\\-no\\-install ]
        .I COMMAND
        .RI [ OPTION ]...
        .SH DESCRIPTION
        Weft forwards the packets of a Kubernetes node in user space: those of pods, Services and the VXLAN overlay.
        .B weft node
        runs a node; the other commands look at one, prepare one, or experiment.
        .SH COMMANDS
        """;
    private static final String TAIL = """
        .SH EXIT STATUS
        .TP
        .B 0
        done
        .TP
        .B 1
        failed; the reason is one line on standard error
        .TP
        .B 2
        wrong usage or configuration
        .SH FILES
        .TP
        .I /etc/weft/weft.yaml
        the configuration;
        .B weft config show
        prints each key
        .TP
        .I /run/weft
        the run directory: tables, flows, counters, sockets
        .TP
        .I /var/lib/weft
        the state directory: what must survive a reboot
        .SH EXAMPLES
        .TP
        .B weft status
        the state of this node on one page
        .TP
        .B weft show flows \\-\\-filter pod=default/web\\-0
        the connections of a pod
        .TP
        .B weft drain default/web\\-0 \\-\\-dry\\-run
        what would change if a pod got no new flows
        .TP
        .B weft route add 198.51.100.0/24 via 192.0.2.9
        a static route of this node's pods
        .TP
        .B weft trace \\-\\-host 10.96.0.10 \\-\\-port 53
        the next packets from and to a Service, node by node
        """;

    private final StringBuilder page = new StringBuilder(HEAD);

    private ManPage() {
    }

    static String of(CommandLine weft) {
        ManPage manual = new ManPage();
        manual.addAll("weft", weft);
        return manual.page.append(TAIL).toString();
    }

    private void add(String name, CommandLine command) {
        page.append(".SS ").append(escaped(name)).append(parameters(command)).append('\n')
            .append(text(String.join(" ", command.getCommandSpec().usageMessage().description()))).append('\n');
        for (PositionalParamSpec parameter : command.getCommandSpec().positionalParameters()) {
            entry(escaped(parameter.paramLabel()), parameter);
        }
        for (OptionSpec option : command.getCommandSpec().options()) {
            if (!option.hidden()) {
                String names = Arrays.stream(option.names()).map(ManPage::escaped).collect(Collectors.joining(", "));
                entry(names + (option.arity().max() == 0 ? "" : " " + escaped(option.paramLabel())), option);
            }
        }
        addAll(name, command);
    }

    /** Each under its name, not under its aliases. */
    private void addAll(String name, CommandLine parent) {
        parent.getSubcommands().forEach((child, command) -> {
            if (child.equals(command.getCommandName())) {
                add(name + " " + child, command);
            }
        });
    }

    private static String parameters(CommandLine command) {
        return command.getCommandSpec().positionalParameters().stream()
            .map(parameter -> " " + escaped(parameter.paramLabel())).collect(Collectors.joining());
    }

    private void entry(String title, ArgSpec argument) {
        List<String> candidates = FishCompletion.candidates(argument);
        String description = String.join(" ", argument.description())
            .replace("${COMPLETION-CANDIDATES}", String.join(", ", candidates))
            .replace("${DEFAULT-VALUE}", String.valueOf(argument.defaultValue()));
        page.append(".TP\n.B ").append(title).append('\n').append(text(description)).append('\n');
    }

    /** A line that roff takes as text, whatever it begins with. */
    private static String text(String line) {
        return "\\&" + escaped(line);
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ");
    }
}
