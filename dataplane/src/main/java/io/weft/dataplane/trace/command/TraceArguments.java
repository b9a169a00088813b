package io.weft.dataplane.trace.command;

import io.weft.dataplane.capture.command.FilterOptions;
import io.weft.dataplane.config.CommandWords;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.explain.NodeNames;
import io.weft.dataplane.trace.TraceRequest;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The command line of {@code weft trace}. Errors are {@link IllegalArgumentException}s of one line. */
final class TraceArguments {
    static final String USAGE = """
        Usage: weft trace [OPTION]...
        Follows the next frames that match through this node's dataplane: the nodes that each visits, also on the fast path, and the frames that
        leave, or the reason for its drop. Ends after that many frames, after its time, or by SIGINT.

        """
        + FilterOptions.USAGE + """
              -c, --count N          frames to follow, 1 to 1000 (default: 10)
              --seconds N            end after N seconds, 1 to 3600 (default: 60)
              -o, --output FORMAT    table or json, an object a line (default: table)
              --config FILE, --set KEY=VALUE, --run-directory DIR   as for weft dataplane
            """;
    private static final int DEFAULT_COUNT = 10;
    private static final int DEFAULT_SECONDS = 60;
    private static final int MAX_SECONDS = 3600;

    private final Map<String, String> settings = new HashMap<>();
    private final FilterOptions filter = new FilterOptions();
    private Optional<Path> config = NodeConfiguration.defaultFile();
    boolean help;
    boolean json;
    int count = DEFAULT_COUNT;
    int seconds = DEFAULT_SECONDS;

    private TraceArguments() {
    }

    static TraceArguments parse(String... words) {
        TraceArguments parsed = new TraceArguments();
        CommandWords rest = new CommandWords("trace", words);
        while (!rest.isEmpty()) {
            parsed.option(rest.next(), rest);
        }
        return parsed;
    }

    NodeConfiguration configuration() {
        return NodeConfiguration.load(config, settings);
    }

    /** @throws IllegalArgumentException if the node has no such pod or port */
    TraceRequest request(long id, NodeNames names) {
        return new TraceRequest(id, count, filter.spec(names));
    }

    private void option(String option, CommandWords rest) {
        switch (option) {
            case "--help", "-h" -> help = true;
            case "--config" -> config = Optional.of(Path.of(rest.value(option)));
            case "--set" -> rest.setting(settings);
            case "--run-directory" -> settings.put("runDirectory", rest.value(option));
            case "-c", "--count" -> count = rest.number(option, 1, TraceRequest.MAX_COUNT);
            case "--seconds" -> seconds = rest.number(option, 1, MAX_SECONDS);
            case "-o", "--output" -> json = isJson(rest.value(option));
            default -> {
                if (!filter.accepts(option, rest)) {
                    throw new IllegalArgumentException("unknown argument " + option + "; see weft trace --help");
                }
            }
        }
    }

    private static boolean isJson(String format) {
        return switch (format.toLowerCase(Locale.ROOT)) {
            case "json" -> true;
            case "table" -> false;
            default -> throw new IllegalArgumentException("--output " + format + ": must be table or json");
        };
    }
}
