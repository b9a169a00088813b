package io.weft.dataplane.explain;

import io.weft.dataplane.config.ConfigurationException;
import io.weft.dataplane.counters.CounterFileException;
import io.weft.dataplane.pcap.CaptureFileReader;
import io.weft.dataplane.table.TablesException;
import io.weft.nativebindings.linux.FileErrors;
import io.weft.nativebindings.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Path;

/** {@code weft explain}. Exit codes: 0 explained, 1 failed, 2 wrong usage or configuration; an error is one line on standard error. */
public final class ExplainMain {
    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 2;

    private ExplainMain() {
    }

    public static void main(String[] words) {
        int code = 0;
        try {
            ExplainArguments arguments = ExplainArguments.parse(words);
            System.out.print(arguments.help ? ExplainArguments.USAGE : explain(arguments));
            System.out.flush();
        } catch (IllegalArgumentException | ConfigurationException e) {
            code = fail(e.getMessage(), WRONG_USAGE);
        } catch (TablesException | CounterFileException | LinuxException e) {
            code = fail(e.getMessage(), FAILED);
        } catch (IOException e) {
            code = fail(FileErrors.describe(e), FAILED);
        }
        System.exit(code);
    }

    private static String explain(ExplainArguments arguments) throws IOException {
        try (LiveNode node = LiveNode.open(arguments.configuration())) {
            ExplainedPacket packet = new ExplainedPacket(node.image(), arguments);
            int port = packet.portId();
            byte[] frame = arguments.isCaptured() ? captured(Path.of(arguments.pcap), arguments.frame)
                : packet.frame(port);
            Explanation explanation = new Explainer(node.image()).explain(port, frame, System.nanoTime());
            return arguments.json ? ExplanationText.json(explanation) : ExplanationText.table(explanation);
        }
    }

    private static byte[] captured(Path file, int number) throws IOException {
        try (CaptureFileReader reader = CaptureFileReader.open(file)) {
            for (int frames = 1;; frames++) {
                byte[] frame = reader.next();
                if (frame == null) {
                    throw new IllegalArgumentException(
                        "--frame " + number + ": " + file + " has only " + (frames - 1) + " frames");
                }
                if (frames == number) { return frame; }
            }
        }
    }

    private static int fail(String message, int code) {
        System.err.println("weft explain: " + message);
        return code;
    }
}
