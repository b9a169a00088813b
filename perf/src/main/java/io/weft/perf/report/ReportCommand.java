package io.weft.perf.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weft bench report}: one HTML page of the JSON that other commands wrote. */
@Command(name = "report", mixinStandardHelpOptions = true, description = "One self-contained HTML page, with plots, of what other benchmarks wrote as JSON")
public final class ReportCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec private CommandSpec spec;

    @Option(names = "--compare", paramLabel = "FILE", description = "written by weft bench compare --json FILE; may be repeated") private List<Path> compare = List
        .of();

    @Option(names = "--latency", paramLabel = "FILE", description = "written by weft bench echo -o json; may be repeated") private List<Path> latency = List
        .of();

    @Option(names = "--micro", paramLabel = "FILE", description = "written by weft bench micro -o json; may be repeated") private List<Path> micro = List
        .of();

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "the page") private Path out;

    @Override
    public Integer call() throws IOException {
        List<Path> files = new ArrayList<>(compare);
        files.addAll(latency);
        files.addAll(micro);
        if (files.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "nothing to report: give --compare, --latency or --micro");
        }
        List<JsonNode> results = new ArrayList<>();
        for (Path file : files) {
            results.add(read(file));
        }
        Files.writeString(out, HtmlReport.of(results));
        return 0;
    }

    private static JsonNode read(Path file) throws IOException {
        try {
            return JSON.readTree(file.toFile());
        } catch (JsonProcessingException e) {
            throw new IOException(file + ": not JSON: " + e.getOriginalMessage(), e);
        }
    }
}
