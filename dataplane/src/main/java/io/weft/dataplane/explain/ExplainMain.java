package io.weft.dataplane.explain;

import io.weft.dataplane.command.ReaderCommand;
import io.weft.dataplane.pcap.CaptureFileReader;
import java.io.IOException;
import java.nio.file.Path;

/** {@code weft explain}. */
public final class ExplainMain {
    private ExplainMain() {
    }

    public static void main(String[] words) {
        System.exit(ReaderCommand.run("explain", () -> {
            ExplainArguments arguments = ExplainArguments.parse(words);
            System.out.print(arguments.help ? ExplainArguments.USAGE : explain(arguments));
            System.out.flush();
        }));
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
}
