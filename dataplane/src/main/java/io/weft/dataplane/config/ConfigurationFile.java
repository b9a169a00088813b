package io.weft.dataplane.config;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** The YAML file as a node tree, so that every error can name {@code FILE:LINE: key}. */
final class ConfigurationFile {
    private final Path file;
    private final Settings settings;
    private final Map<String, Integer> linesByKey = new HashMap<>();

    private ConfigurationFile(Path file, Settings settings) {
        this.file = file;
        this.settings = settings;
    }

    static void read(Path file, Settings into) {
        ConfigurationFile reading = new ConfigurationFile(file, into);
        Node root = reading.compose(reading.content());
        if (root instanceof MappingNode mapping) {
            reading.mapping("", mapping);
        } else if (root != null && !Tag.NULL.equals(root.getTag())) {
            throw reading.error(root, "must be keys and values");
        }
    }

    private String content() {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new ConfigurationException(file + ": no such file; name one with --config");
        } catch (CharacterCodingException e) {
            throw new ConfigurationException(file + ": not UTF-8 text");
        } catch (IOException e) {
            throw new ConfigurationException(file + ": cannot be read: " + e.getMessage());
        }
    }

    private Node compose(String content) {
        try (Reader reader = new StringReader(content)) {
            return new Yaml(new SafeConstructor(new LoaderOptions())).compose(reader);
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
            throw new ConfigurationException(file + ":" + line + ": not YAML: " + e.getProblem());
        } catch (YAMLException | IOException e) {
            throw new ConfigurationException(file + ": not YAML: " + e.getMessage().lines().findFirst().orElse(""));
        }
    }

    private void mapping(String level, MappingNode mapping) {
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
                throw error(tuple.getKeyNode(), "a key must be plain text");
            }
            entry(level.isEmpty() ? name.getValue() : level + "." + name.getValue(), name, tuple.getValueNode());
        }
    }

    private void entry(String key, Node at, Node value) {
        Integer earlier = linesByKey.put(key, line(at));
        if (earlier != null) { throw error(at, key + ": appears twice, first in line " + earlier); }
        Optional<ConfigurationKey> known = ConfigurationKey.of(key);
        if (known.isPresent()) {
            settings.put(known.get(), scalar(key, value), file + ":" + line(at));
        } else if (!ConfigurationKey.isLevel(key)) {
            throw error(at, key + ": unknown key");
        } else if (value instanceof MappingNode nested) {
            mapping(key, nested);
        } else if (!Tag.NULL.equals(value.getTag())) { throw error(at, key + ": must hold keys of its own"); }
    }

    private String scalar(String key, Node value) {
        return switch (value) {
            case ScalarNode scalar -> Tag.NULL.equals(scalar.getTag()) ? "" : scalar.getValue();
            case SequenceNode sequence ->
                sequence.getValue().stream().map(item -> scalar(key, item)).collect(Collectors.joining(","));
            default -> throw error(value, key + ": must be a single value");
        };
    }

    private ConfigurationException error(Node at, String what) {
        return new ConfigurationException(file + ":" + line(at) + ": " + what);
    }

    private static int line(Node node) {
        return node.getStartMark().getLine() + 1;
    }
}
