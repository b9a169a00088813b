package io.weft.controlplane.source;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** A value of a YAML document with its field path and line, so that errors can name it. */
final class YamlValue {

    /** A field with a wrong value; the reader adds file and object. */
    static final class WrongField extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final int line;

        private WrongField(int line, String message) {
            super(message, null, false, false);
            this.line = line;
        }

        /** Line in the file, from 1. */
        int line() {
            return line;
        }
    }

    private static final String MERGE = "<<";
    private static final int DEEPEST_MERGE = 50;

    private final String path;
    private final Node node;
    private final Warnings warnings;

    /** Receives warnings about values that are probably mistakes. */
    @FunctionalInterface
    interface Warnings {
        /** @param line from 1 */
        void add(int line, String warning);
    }

    private YamlValue(String path, Node node, Warnings warnings) {
        this.path = path;
        this.node = node;
        this.warnings = warnings;
    }

    static YamlValue root(Node node, Warnings warnings) {
        return new YamlValue("", node, warnings);
    }

    /** Line in the file, from 1. */
    int line() {
        return node.getStartMark().getLine() + 1;
    }

    WrongField wrong(String what) {
        return new WrongField(line(), path.isEmpty() ? what : path + ": " + what);
    }

    /** The error for a missing field. */
    WrongField missing(String name) {
        return new WrongField(line(), join(name) + ": is missing");
    }

    /**
     * The field, or empty if absent or null. If a key appears twice the last one counts, as with kubectl, and there is a warning. A key of
     * the mapping itself overrides those that it merges ({@code <<}); of these the first counts.
     */
    Optional<YamlValue> field(String name) {
        Node value = find(mapping(), name, 0);
        return value == null ? Optional.empty()
            : Optional.of(new YamlValue(join(name), value, warnings)).filter(found -> !found.isNull());
    }

    private Node find(MappingNode mapping, String name, int depth) {
        Node found = null;
        for (NodeTuple tuple : mapping.getValue()) {
            if (isKey(tuple, name)) {
                if (found != null) {
                    warnings.add(tuple.getKeyNode().getStartMark().getLine() + 1,
                        join(name) + ": is given twice; the last counts");
                }
                found = tuple.getValueNode();
            }
        }
        if (found != null) { return found; }
        for (NodeTuple tuple : mapping.getValue()) {
            if (isKey(tuple, MERGE) && ((ScalarNode) tuple.getKeyNode()).isPlain()) {
                found = merged(tuple.getValueNode(), name, depth);
            }
            if (found != null) { return found; }
        }
        return null;
    }

    private Node merged(Node value, String name, int depth) {
        if (depth > DEEPEST_MERGE) { throw wrong("merges (<<) itself"); }
        List<Node> sources = value instanceof SequenceNode sequence ? sequence.getValue() : List.of(value);
        for (Node source : sources) {
            if (!(source instanceof MappingNode mapping)) { throw wrong("<< must merge what holds fields"); }
            Node found = find(mapping, name, depth + 1);
            if (found != null) { return found; }
        }
        return null;
    }

    private static boolean isKey(NodeTuple tuple, String name) {
        return tuple.getKeyNode() instanceof ScalarNode key && key.getValue().equals(name);
    }

    /** Whether the field is present, even as null. */
    boolean has(String name) {
        return find(mapping(), name, 0) != null;
    }

    YamlValue required(String name) {
        return field(name).orElseThrow(() -> missing(name));
    }

    /** Elements of the list field, none if it is absent. */
    List<YamlValue> list(String name) {
        return field(name).map(YamlValue::elements).orElse(List.of());
    }

    /** Text; an unquoted number or boolean is not text, as for the Kubernetes API. */
    String text() {
        ScalarNode scalar = scalar();
        if (!isNull() && !YamlScalar.isText(scalar)) {
            throw wrong("must be text; put quotes around " + scalar.getValue());
        }
        return scalar.getValue();
    }

    /** A scalar as it is written, of any type. */
    String textOrNumber() {
        return scalar().getValue();
    }

    /** {@code absent} if the field is missing, null or empty: the API uses its default in all three cases. */
    String text(String name, String absent) {
        return field(name).map(YamlValue::text).filter(text -> !text.isEmpty()).orElse(absent);
    }

    boolean flag(String name, boolean absent) {
        return field(name).map(YamlValue::flag).orElse(absent);
    }

    int integer(int min, int max) {
        Optional<Long> number = YamlScalar.integer(scalar());
        if (number.isEmpty() || number.get() < min || number.get() > max) {
            throw wrong("must be a number from " + min + " to " + max + ", not " + shown());
        }
        return (int) (long) number.get();
    }

    private boolean flag() {
        return YamlScalar.flag(scalar()).orElseThrow(() -> wrong("must be true or false, not " + shown()));
    }

    private String shown() {
        String text = "\"" + scalar().getValue() + "\"";
        return scalar().isPlain() ? text : text + " in quotes";
    }

    private ScalarNode scalar() {
        if (node instanceof ScalarNode scalar) { return scalar; }
        throw wrong("must be a single value");
    }

    private List<YamlValue> elements() {
        if (!(node instanceof SequenceNode sequence)) { throw wrong("must be a list"); }
        List<YamlValue> elements = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            elements.add(new YamlValue(path + "[" + elements.size() + "]", element, warnings));
        }
        return elements;
    }

    private MappingNode mapping() {
        if (node instanceof MappingNode mapping) { return mapping; }
        throw wrong("must hold fields");
    }

    private boolean isNull() { return Tag.NULL.equals(node.getTag()); }

    private String join(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }
}
