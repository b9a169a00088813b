package io.weft.dataplane.explain;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** The pods' names that the control plane reports in {@code control-plane.json}, read as YAML, of which JSON is a part. */
final class PodNames {
    private static final int MAX_CODE_POINTS = 64 << 20;

    private PodNames() {
    }

    /** {@code namespace/name} by address; empty while the control plane has not said. */
    static Map<String, String> read(Path runDirectory) {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(MAX_CODE_POINTS);
        try (Reader reader = Files.newBufferedReader(runDirectory.resolve("control-plane.json"))) {
            Map<String, String> names = new HashMap<>();
            if (new Yaml(new SafeConstructor(options)).load(reader) instanceof Map<?, ?> status
                && status.get("podNames") instanceof Map<?, ?> podNames) {
                podNames.forEach((address, name) -> names.put(String.valueOf(address), String.valueOf(name)));
            }
            return names;
        } catch (IOException | YAMLException e) {
            return Map.of();
        }
    }
}
