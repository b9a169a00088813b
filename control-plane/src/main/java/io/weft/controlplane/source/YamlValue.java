package io.weft.controlplane.source;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** A value of a YAML document that knows its field path and line, so that a wrong one can be named. */
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

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

    private final String path;
    private final Node node;

    private YamlValue(String path, Node node) {
        this.path = path;
        this.node = node;
    }

    static YamlValue root(Node node) {
        return new YamlValue("", node);
    }

    /** Line in the file, from 1. */
    int line() {
        return node.getStartMark().getLine() + 1;
    }

    boolean isMapping() { return node instanceof MappingNode; }

    WrongField wrong(String what) {
        return new WrongField(line(), path.isEmpty() ? what : path + ": " + what);
    }

    /** The error of a field that is not there. */
    WrongField missing(String name) {
        return new WrongField(line(), join(name) + ": is missing");
    }

    /** The field, or empty when absent or null. */
    Optional<YamlValue> field(String name) {
        for (NodeTuple tuple : mapping().getValue()) {
            if (tuple.getKeyNode() instanceof ScalarNode key && key.getValue().equals(name)) {
                return Optional.of(new YamlValue(join(name), tuple.getValueNode())).filter(value -> !value.isNull());
            }
        }
        return Optional.empty();
    }

    YamlValue required(String name) {
        return field(name).orElseThrow(() -> missing(name));
    }

    /** Elements of the list field, none when it is absent. */
    List<YamlValue> list(String name) {
        return field(name).map(YamlValue::elements).orElse(List.of());
    }

    String text() {
        if (node instanceof ScalarNode scalar) { return scalar.getValue(); }
        throw wrong("must be a single value");
    }

    String text(String name, String absent) {
        return field(name).map(YamlValue::text).orElse(absent);
    }

    boolean flag(String name, boolean absent) {
        return field(name).map(YamlValue::flag).orElse(absent);
    }

    int integer(int least, int most) {
        String text = text();
        if (!NUMBER.matcher(text).matches() || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
            throw wrong("must be a number from " + least + " to " + most + ", not \"" + text + "\"");
        }
        return Integer.parseInt(text);
    }

    private boolean flag() {
        return switch (text()) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong("must be true or false, not \"" + text() + "\"");
        };
    }

    private List<YamlValue> elements() {
        if (!(node instanceof SequenceNode sequence)) { throw wrong("must be a list"); }
        List<YamlValue> elements = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            elements.add(new YamlValue(path + "[" + elements.size() + "]", element));
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
