package io.weft.dataplane.capture.command;

import io.weft.dataplane.capture.CaptureRequest;
import io.weft.dataplane.config.CommandWords;
import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.explain.NodeNames;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The command line of {@code weft capture}. Errors are {@link IllegalArgumentException}s of one line. */
final class CaptureArguments {
    static final String USAGE = """
        Usage: weft capture [OPTION]...
        Captures frames as this node's dataplane receives and sends them, each with its port, direction and, if it is dropped, the reason.
        Without -w prints a line for each. Ends at a bound, or by SIGINT; frames that the dataplane had no room for are counted as lost.

          -w FILE                write pcapng to a file, or to standard output with -: weft capture -w - | tshark -r -
        """
        + FilterOptions.USAGE
        + """
              --drops                only frames that are dropped
              -c, --count N          end after N frames
              --seconds N            end after N seconds
              --snaplen N            bytes of each frame, 64 to 4096 (default: 256)
              --ring MIB             room for frames not yet written, of each worker, a power of two up to 256 (default: 4)
              --config FILE, --set KEY=VALUE, --run-directory DIR   as for weft dataplane
            """;
    private static final int DEFAULT_SNAP_LENGTH = 256;
    private static final int DEFAULT_RING_MIB = 4;
    private static final int MAX_RING_MIB = 256;

    private final Map<String, String> settings = new HashMap<>();
    private Optional<Path> config = NodeConfiguration.defaultFile();
    private final FilterOptions filter = new FilterOptions();
    private boolean drops;
    private int ringMib = DEFAULT_RING_MIB;
    int snapLength = DEFAULT_SNAP_LENGTH;
    boolean help;
    /** Empty for text. */
    String file = "";
    long count = Long.MAX_VALUE;
    long seconds = Long.MAX_VALUE;

    private CaptureArguments() {
    }

    static CaptureArguments parse(String... words) {
        CaptureArguments parsed = new CaptureArguments();
        CommandWords rest = new CommandWords("capture", words);
        while (!rest.isEmpty()) {
            parsed.option(rest.next(), rest);
        }
        if (Integer.bitCount(parsed.ringMib) != 1) {
            throw new IllegalArgumentException("--ring " + parsed.ringMib + ": must be a power of two");
        }
        return parsed;
    }

    NodeConfiguration configuration() {
        return NodeConfiguration.load(config, settings);
    }

    /** @throws IllegalArgumentException if the node has no such pod or port */
    CaptureRequest request(long id, NodeNames names) {
        return new CaptureRequest(id, snapLength, ringMib << 20, drops, filter.spec(names));
    }

    private void option(String option, CommandWords rest) {
        switch (option) {
            case "--help", "-h" -> help = true;
            case "--config" -> config = Optional.of(Path.of(rest.value(option)));
            case "--set" -> rest.setting(settings);
            case "--run-directory" -> settings.put("runDirectory", rest.value(option));
            case "-w" -> file = rest.value(option);
            case "--drops" -> drops = true;
            case "-c", "--count" -> count = rest.number(option, 1, Long.MAX_VALUE);
            case "--seconds" -> seconds = rest.number(option, 1, Integer.MAX_VALUE);
            case "--snaplen" -> snapLength = rest.number(option, CaptureRequest.MIN_SNAP_LENGTH,
                CaptureRequest.MAX_SNAP_LENGTH);
            case "--ring" -> ringMib = rest.number(option, 1, MAX_RING_MIB);
            default -> {
                if (!filter.accepts(option, rest)) {
                    throw new IllegalArgumentException("unknown argument " + option + "; see weft capture --help");
                }
            }
        }
    }
}
