package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.source.YamlValue.WrongField;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;

/**
 * Text of one manifest file → its objects. All or nothing: a file with one wrong object is refused whole, with one line
 * for each wrong object: {@code FILE:LINE: Kind/name: field: what is wrong}.
 */
final class ManifestReader {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestReader.class);
    private static final int CODE_POINTS = 64 << 20;
    private static final Set<String> UNKNOWN_SEEN = ConcurrentHashMap.newKeySet();

    private final String file;
    private final Map<ObjectKey, ClusterObject> objects = new LinkedHashMap<>();
    private final List<String> errors = new ArrayList<>();

    private ManifestReader(String file) {
        this.file = file;
    }

    /** @param file as errors shall name it */
    static Map<ObjectKey, ClusterObject> read(String file, String content) throws ManifestException {
        ManifestReader reader = new ManifestReader(file);
        reader.documents(content);
        if (!reader.errors.isEmpty()) { throw new ManifestException(reader.errors); }
        return reader.objects;
    }

    private void documents(String content) throws ManifestException {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(CODE_POINTS);
        Pace pace = new Pace();
        try {
            for (Node document : yaml(options).composeAll(new StringReader(content))) {
                if (!Tag.NULL.equals(document.getTag())) {
                    object(YamlValue.root(document));
                }
                pace.rest();
            }
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
            throw new ManifestException(file + ":" + line + ": not YAML: " + e.getProblem());
        } catch (YAMLException e) {
            throw new ManifestException(file + ": not YAML: " + e.getMessage().lines().findFirst().orElse(""));
        }
    }

    private static Yaml yaml(LoaderOptions options) {
        DumperOptions unused = new DumperOptions();
        return new Yaml(new SafeConstructor(options), new Representer(unused), unused, options, new NullResolver());
    }

    private void object(YamlValue object) {
        try {
            String kind = object.required("kind").text();
            if (kind.equals("List")) {
                object.list("items").forEach(this::object);
                return;
            }
            Optional<Kind> known = Arrays.stream(Kind.values()).filter(value -> value.title().equals(kind)).findFirst();
            if (known.isPresent()) {
                ObjectReader.read(known.get(), object).ifPresent(read -> add(object, read));
            } else if (UNKNOWN_SEEN.add(kind)) {
                LOG.info("{}:{}: kind {} is ignored, here and elsewhere", file, object.line(), kind);
            }
        } catch (WrongField e) {
            errors.add(file + ":" + e.line() + ": " + title(object) + e.getMessage());
        }
    }

    private void add(YamlValue object, ClusterObject read) {
        if (objects.put(read.key(), read) != null) { throw object.wrong("is in this file twice"); }
    }

    /** {@code Kind/name: } as far as they can be read. */
    private static String title(YamlValue object) {
        if (!object.isMapping()) { return ""; }
        String kind = lenientText(object, "kind");
        String name = object.field("metadata").filter(YamlValue::isMapping).map(meta -> lenientText(meta, "name"))
            .orElse("");
        if (kind.isEmpty()) { return name.isEmpty() ? "" : name + ": "; }
        return kind + (name.isEmpty() ? "" : "/" + name) + ": ";
    }

    private static String lenientText(YamlValue object, String name) {
        try {
            return object.text(name, "");
        } catch (WrongField e) {
            return "";
        }
    }
}
