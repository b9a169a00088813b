package io.weft.controlplane.cli;

import io.weft.dataplane.config.NodeConfiguration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options by which every command finds its configuration. */
final class ConfigurationOptions {
    @Option(names = "--config", paramLabel = "FILE", description = "configuration file (default: /etc/weft/weft.yaml if it exists)") private Path file;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "one configuration key; overrides file and environment; may be repeated") private Map<String, String> settings = new LinkedHashMap<>();

    @Option(names = "--run-directory", paramLabel = "DIR", description = "short for --set runDirectory=DIR") private Path runDirectory;

    NodeConfiguration load() {
        return NodeConfiguration.load(file(), flags());
    }

    /** Every key with the value that {@link #load} takes for it. */
    List<NodeConfiguration.Effective> effective() {
        return NodeConfiguration.effective(file(), flags());
    }

    /** The same options for a child process. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        file().ifPresent(path -> arguments.addAll(List.of("--config", path.toAbsolutePath().toString())));
        flags().forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
        return arguments;
    }

    private Optional<Path> file() {
        return Optional.ofNullable(file).or(NodeConfiguration::defaultFile);
    }

    private Map<String, String> flags() {
        Map<String, String> flags = new LinkedHashMap<>(settings);
        if (runDirectory != null) {
            flags.put("runDirectory", runDirectory.toString());
        }
        return flags;
    }
}
