package io.weft.controlplane.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * All commands of the launcher with their options, for completion and the manual. Those that are no commands of this process (they run on the
 * dataplane's class path, or in a checkout) are only described here.
 */
final class ShellCommands {
    private static final String[] CONFIGURATION = {"--config FILE|configuration file",
        "--set KEY=VALUE|one configuration key", "--run-directory DIR|short for --set runDirectory=DIR"};
    private static final String[] FRAMES = {
        "--pod NAMESPACE/NAME|frames of this pod's port, and those with its address elsewhere",
        "--in PORT|frames at this port: uplink, weft-host, a device or a port number",
        "--host ADDRESS|packets from or to this address, also inside a tunnel",
        "--port N|TCP or UDP packets from or to this port, also inside a tunnel",
        "--protocol NAME=tcp,udp,icmp|tcp, udp, icmp or a number"};

    private ShellCommands() {
    }

    static CommandLine all() {
        CommandLine weft = WeftCommand.commandLine();
        add(weft, "trace", "Follow the next frames that match through this node's dataplane.", FRAMES, CONFIGURATION,
            "-c,--count N|frames to follow, 1 to 1000", "--seconds N|end after N seconds",
            "-o,--output FORMAT=table,json|table or json");
        add(weft, "capture", "Capture frames as this node's dataplane receives and sends them.", FRAMES, CONFIGURATION,
            "-w FILE|write pcapng to a file, or to standard output with -", "--drops|only frames that are dropped",
            "-c,--count N|end after N frames", "--seconds N|end after N seconds",
            "--snaplen N|bytes of each frame, 64 to 4096",
            "--ring MIB|room for frames not yet written, of each worker");
        add(weft, "explain",
            "Say what this node's dataplane would do with a packet: PROTOCOL SOURCE[:PORT] DESTINATION[:PORT].",
            new String[0], CONFIGURATION, "--from KIND=pod|pod NAMESPACE/NAME or ADDRESS: the packet comes from it",
            "--in PORT|it arrives at this port", "--tunnel-from NODE|it arrives through the tunnel from this node",
            "--flags LIST|TCP flags, as in SYN or SYN,ACK", "--type N|of ICMP", "--code N|of ICMP",
            "--id N|of an ICMP echo", "--ttl N|time to live", "--length N|bytes of payload",
            "--no-df|without \"don't fragment\"", "--pcap FILE|a frame of a pcap or pcapng file",
            "--frame N|its number, from 1", "-o,--output FORMAT=table,json|table or json");
        add(weft, "dataplane", "Run only the process that forwards packets.", new String[0], CONFIGURATION,
            "--busy-poll|never sleep: least latency, whole processors",
            "--check-config|say whether the configuration is right, and end");
        String[] none = {};
        add(weft, "demo", "Two nodes on this machine with real traffic (in a checkout).", none, none,
            "--kubernetes|in a real Kubernetes");
        add(weft, "lab", "The demo's cluster, to experiment with: up, down, status, exec, conformance (in a checkout).",
            none, none, "--kubernetes|a real Kubernetes");
        add(weft, "verify", "Build everything and run every test (in a checkout).", none, none,
            "--all|also what takes hours");
        add(weft, "bench", "Benchmarks (in a checkout).", none, none);
        return weft;
    }

    /** @param options {@code NAME[,NAME] [VALUE[=CANDIDATE,...]]|description} */
    private static void add(CommandLine weft, String name, String description, String[] some, String[] others,
        String... options) {
        CommandSpec spec = CommandSpec.create().name(name);
        spec.usageMessage().description(description);
        for (String[] each : List.of(some, options, others)) {
            for (String option : each) {
                spec.addOption(option(option));
            }
        }
        spec.addOption(option("-h,--help|how to use it"));
        weft.addSubcommand(name, spec);
    }

    private static OptionSpec option(String text) {
        int bar = text.indexOf('|');
        String[] words = text.substring(0, bar).split(" ");
        OptionSpec.Builder option = OptionSpec.builder(words[0].split(",")).description(text.substring(bar + 1));
        if (words.length == 1) { return option.arity("0").type(boolean.class).build(); }
        int equals = words[1].indexOf('=');
        boolean isList = equals > 0 && !words[1].equals("KEY=VALUE");
        option.arity("1").type(String.class).paramLabel(isList ? words[1].substring(0, equals) : words[1]);
        if (isList) {
            option.completionCandidates(List.of(words[1].substring(equals + 1).split(",")));
        }
        return option.build();
    }
}
