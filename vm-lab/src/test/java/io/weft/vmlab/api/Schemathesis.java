package io.weft.vmlab.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Schemathesis (https://schemathesis.io): makes requests from an OpenAPI document, right and wrong ones, and compares the answers with it. It is
 * installed into a virtual environment of Python in {@code target}, once.
 */
final class Schemathesis {
    private static final String VERSION = "4.32.5";
    private static final String WORKERS = "1"; // with more, Python 3.11 sometimes fails: "AST constructor recursion depth mismatch"
    private static final Path ENVIRONMENT = Path.of("target", "schemathesis-" + VERSION).toAbsolutePath();

    private final Path program;

    private Schemathesis(Path program) {
        this.program = program;
    }

    static Schemathesis provide() throws IOException, InterruptedException {
        Path program = ENVIRONMENT.resolve("bin/schemathesis");
        if (!Files.isExecutable(program)) {
            run(ExternalCommand.of("python3", "-m", "venv", ENVIRONMENT.toString()));
            run(ExternalCommand.file(ENVIRONMENT.resolve("bin/pip"), "install", "--quiet",
                "schemathesis==" + VERSION));
        }
        return new Schemathesis(program);
    }

    private static void run(ExternalCommand command) throws IOException, InterruptedException {
        ExternalCommand.Output output = command.run();
        assertEquals(0, output.exit(), command + ": " + output.text());
    }

    /**
     * A run with all checks.
     *
     * @param document the server's OpenAPI document, which needs a token there
     * @param seconds that it may take
     * @param report for its output
     */
    ProcessBuilder run(Path document, String server, String token, int seconds, Path report) throws URISyntaxException {
        Path configuration = Path.of(Schemathesis.class.getResource("fuzz/schemathesis.toml").toURI());
        ProcessBuilder builder = ExternalCommand.file(program, "--config-file", configuration.toString(), "run",
            document.toString(), "--url", server, "--checks", "all", "--workers", WORKERS, "--no-color",
            "--max-time", Integer.toString(seconds)).builder().redirectErrorStream(true)
            .redirectOutput(report.toFile()).directory(configuration.getParent().toFile());
        builder.environment().put("WEFT_TOKEN", token);
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        return builder;
    }
}
