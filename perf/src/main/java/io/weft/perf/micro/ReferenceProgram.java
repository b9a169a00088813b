package io.weft.perf.micro;

import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A program that is called with {@code -f FLOWS} and prints {@code pipeline X ns/packet}; a line with {@code BAD} is a failure. */
record ReferenceProgram(Path path) {
    private static final Pattern FIGURE = Pattern.compile("pipeline ([0-9]+(?:\\.[0-9]+)?) ns/packet");

    ReferenceProgram {
        if (!Files.isExecutable(path)) {
            throw new IllegalArgumentException("--reference " + path + ": no such program");
        }
    }

    double nsPerPacket(int flows) {
        try {
            ExternalCommand.Output output = ExternalCommand.file(path, "-f", String.valueOf(flows)).run();
            if (output.exit() != 0) {
                throw new IllegalStateException(path + " ended with " + output.exit() + ": " + output.text().strip());
            }
            return parse(output.text());
        } catch (IOException e) {
            throw new IllegalStateException(path + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    static double parse(String output) {
        Matcher figure = FIGURE.matcher(output);
        if (output.contains("BAD") || !figure.find()) {
            throw new IllegalStateException("the reference printed no good figure: " + output.strip());
        }
        return Double.parseDouble(figure.group(1));
    }
}
