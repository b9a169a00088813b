package io.weft.perf.micro;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A program that is called with {@code -f FLOWS} and prints {@code pipeline X ns/packet}; a line with {@code BAD} is a failure. */
record ReferenceProgram(Path path) {
    private static final Pattern FIGURE = Pattern.compile("pipeline ([0-9]+(?:\\.[0-9]+)?) ns/packet");

    ReferenceProgram {
        if (!Files.isExecutable(path)) {
            throw new IllegalArgumentException("--reference " + path + ": there is no such program");
        }
    }

    double nsPerPacket(int flows) {
        try {
            Process process = new ProcessBuilder(path.toString(), "-f", String.valueOf(flows)).redirectErrorStream(true)
                .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            if (code != 0) { throw new IllegalStateException(path + " ended with " + code + ": " + output.strip()); }
            return parse(output);
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
