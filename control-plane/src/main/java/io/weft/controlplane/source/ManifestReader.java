package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.source.ObjectTree.WrongField;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
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
 * Reads the objects of one manifest file as kubectl does. A wrong object is reported ({@code FILE:LINE: Kind/name: field: what is wrong}),
 * and the others apply; only a file that is not YAML is refused as a whole. Kinds of other API groups are ignored, even with the same names.
 */
final class ManifestReader {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestReader.class);
    private static final int CODE_POINTS = 64 << 20;
    private static final int ALIASES = 100_000;
    private static final int DEPTH = 500;
    private static final String LIST = "List";
    private static final char BYTE_ORDER_MARK = '\uFEFF';
    private static final Pattern BYTE_ORDER_MARKS = Pattern.compile("(?m)^" + BYTE_ORDER_MARK);
    private static final Set<String> UNKNOWN_SEEN = ConcurrentHashMap.newKeySet();

    /** Kind and version of the items of a typed list, which may omit them. */
    private record Defaults(String kind, String apiVersion) {
        static final Defaults NONE = new Defaults("", "");
    }

    private final String file;
    private final long writtenMillis;
    private final Map<ObjectKey, ClusterObject> objects = new LinkedHashMap<>();
    private final Map<ObjectKey, Integer> lines = new LinkedHashMap<>();
    private final List<String> errors = new ArrayList<>();
    private final Set<String> warnings = new LinkedHashSet<>();

    private ManifestReader(String file, long writtenMillis) {
        this.file = file;
        this.writtenMillis = writtenMillis;
    }

    /**
     * @param file name for error messages
     * @param writtenMillis since the epoch, for objects without creationTimestamp
     * @throws ManifestException if it is not YAML
     */
    static ManifestContent read(String file, String content, long writtenMillis) throws ManifestException {
        ManifestReader reader = new ManifestReader(file, writtenMillis);
        reader.documents(content);
        return new ManifestContent(reader.objects, reader.lines, List.copyOf(reader.errors),
            List.copyOf(reader.warnings));
    }

    private void documents(String content) throws ManifestException {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(CODE_POINTS);
        options.setMaxAliasesForCollections(ALIASES);
        options.setNestingDepthLimit(DEPTH);
        Throttle throttle = new Throttle();
        try {
            for (Node document : yaml(options).composeAll(new StringReader(cleaned(content)))) {
                if (!Tag.NULL.equals(document.getTag())) {
                    object(YamlTree.root(document, this::warn), Defaults.NONE);
                }
                throttle.pause();
            }
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
            throw new ManifestException(file + ":" + line + ": not YAML: " + e.getProblem());
        } catch (YAMLException e) {
            throw new ManifestException(
                file + ": not YAML: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        } catch (StackOverflowError e) {
            throw new ManifestException(file + ": not YAML: nested too deeply");
        }
    }

    /** Removes byte order marks (joined files have several), and replaces tabs in JSON, which YAML does not allow as indentation. */
    private static String cleaned(String content) {
        String text = content.indexOf(BYTE_ORDER_MARK) < 0 ? content : BYTE_ORDER_MARKS.matcher(content).replaceAll("");
        boolean json = text.stripLeading().startsWith("{") || text.stripLeading().startsWith("[");
        return json ? text.replace('\t', ' ') : text;
    }

    private static Yaml yaml(LoaderOptions options) {
        DumperOptions unused = new DumperOptions();
        return new Yaml(new SafeConstructor(options), new Representer(unused), unused, options, new NullResolver());
    }

    private void object(ObjectTree object, Defaults defaults) {
        try {
            String kind = defaults.kind.isEmpty() ? object.required("kind").text() : object.text("kind", defaults.kind);
            String apiVersion = object.text("apiVersion", defaults.apiVersion);
            if (apiVersion.isEmpty()) { throw object.missing("apiVersion"); }
            Optional<Kind> known = Kind.of(kind, apiVersion);
            if (known.isPresent()) {
                requireVersion(object, known.get(), apiVersion);
                ObjectReader.read(known.get(), object, writtenMillis).ifPresent(read -> add(object, read));
            } else if (isList(kind, apiVersion)) {
                Defaults ofItems = new Defaults(kind.substring(0, kind.length() - LIST.length()), apiVersion);
                object.list("items").forEach(item -> object(item, ofItems));
            } else if (UNKNOWN_SEEN.add(apiVersion + " " + kind)) {
                LOG.info("{}:{}: {} {} is ignored, here and elsewhere", file, object.line(), apiVersion, kind);
            }
        } catch (WrongField e) {
            errors.add(file + ":" + e.line() + ": " + title(object, defaults) + e.getMessage());
        } catch (RuntimeException | StackOverflowError e) {
            LOG.error("{}:{}", file, object.line(), e);
            errors.add(file + ":" + object.line() + ": " + title(object, defaults) + "Weft failed on it: " + e);
        }
    }

    private static void requireVersion(ObjectTree object, Kind kind, String apiVersion) {
        if (!apiVersion.equals(kind.apiVersion())) {
            throw object.field("apiVersion").orElse(object)
                .wrong("must be " + kind.apiVersion() + ", not \"" + apiVersion + "\"");
        }
    }

    /** Whether it is a {@code List}, or a typed list of a known kind, such as {@code ServiceList}. */
    private static boolean isList(String kind, String apiVersion) {
        return kind.equals(LIST) && Kind.group(apiVersion).isEmpty()
            || kind.endsWith(LIST) && Kind.of(kind.substring(0, kind.length() - LIST.length()), apiVersion).isPresent();
    }

    private void add(ObjectTree object, ClusterObject read) {
        if (objects.putIfAbsent(read.key(), read) != null) {
            throw object.wrong("is in this file twice; the first, on line " + lines.get(read.key()) + ", counts");
        }
        lines.put(read.key(), object.line());
    }

    private void warn(int line, String warning) {
        warnings.add(file + ":" + line + ": " + warning);
    }

    /** {@code Kind/name: }, without the parts that cannot be read. */
    private static String title(ObjectTree object, Defaults defaults) {
        String kind = lenient(() -> object.text("kind", defaults.kind));
        String name = lenient(() -> object.required("metadata").text("name", ""));
        return kind + (kind.isEmpty() || name.isEmpty() ? "" : "/") + name
            + (kind.isEmpty() && name.isEmpty() ? "" : ": ");
    }

    private static String lenient(Supplier<String> text) {
        try {
            return text.get();
        } catch (WrongField e) {
            return "";
        }
    }
}
