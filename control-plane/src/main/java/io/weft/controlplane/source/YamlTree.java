package io.weft.controlplane.source;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * A value of a YAML document. If a key appears twice, the last one counts, as with kubectl, and there is a warning. A key of the mapping
 * itself overrides the keys that it merges ({@code <<}); among merged keys, the first counts.
 */
final class YamlTree extends ObjectTree {
    private static final String MERGE = "<<";
    private static final int DEEPEST_MERGE = 50;

    private final Node node;
    private final Warnings warnings;

    /** Receives warnings about values that are probably mistakes. */
    @FunctionalInterface
    interface Warnings {
        /** @param line from 1 */
        void add(int line, String warning);
    }

    private YamlTree(Node node, Warnings warnings) {
        this.node = node;
        this.warnings = warnings;
    }

    private YamlTree(YamlTree parent, String name, Node node) {
        super(parent, name);
        this.node = node;
        this.warnings = parent.warnings;
    }

    private YamlTree(YamlTree parent, int index, Node node) {
        super(parent, index);
        this.node = node;
        this.warnings = parent.warnings;
    }

    static YamlTree root(Node node, Warnings warnings) {
        return new YamlTree(node, warnings);
    }

    @Override
    int line() {
        return node.getStartMark().getLine() + 1;
    }

    @Override
    boolean isNull() { return Tag.NULL.equals(node.getTag()); }

    @Override
    Optional<ObjectTree> child(String name) {
        if (!(node instanceof MappingNode mapping)) { throw notFields(); }
        Node value = find(mapping, name, 0);
        return value == null ? Optional.empty() : Optional.of(new YamlTree(this, name, value));
    }

    @Override
    Set<String> names() {
        if (!(node instanceof MappingNode mapping)) { throw notFields(); }
        Set<String> names = new LinkedHashSet<>();
        addNames(mapping, names, 0);
        return names;
    }

    @Override
    List<ObjectTree> elements() {
        if (!(node instanceof SequenceNode sequence)) { throw notAList(); }
        List<ObjectTree> elements = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            elements.add(new YamlTree(this, elements.size(), element));
        }
        return elements;
    }

    @Override
    Scalar scalar() {
        if (!(node instanceof ScalarNode scalar)) { throw notASingleValue(); }
        return new YamlScalar(scalar);
    }

    private Node find(MappingNode mapping, String name, int depth) {
        Node found = null;
        for (NodeTuple tuple : mapping.getValue()) {
            if (isKey(tuple, name)) {
                if (found != null) {
                    warnings.add(tuple.getKeyNode().getStartMark().getLine() + 1,
                        pathOf(name) + ": is given twice; the last counts");
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
        for (MappingNode source : sources(value, depth)) {
            Node found = find(source, name, depth + 1);
            if (found != null) { return found; }
        }
        return null;
    }

    private void addNames(MappingNode mapping, Set<String> names, int depth) {
        for (NodeTuple tuple : mapping.getValue()) {
            if (isKey(tuple, MERGE) && ((ScalarNode) tuple.getKeyNode()).isPlain()) {
                sources(tuple.getValueNode(), depth).forEach(source -> addNames(source, names, depth + 1));
            } else if (tuple.getKeyNode() instanceof ScalarNode key) {
                names.add(key.getValue());
            }
        }
    }

    private List<MappingNode> sources(Node merged, int depth) {
        if (depth > DEEPEST_MERGE) { throw wrong("merges (<<) itself"); }
        List<MappingNode> sources = new ArrayList<>();
        for (Node source : merged instanceof SequenceNode sequence ? sequence.getValue() : List.of(merged)) {
            if (!(source instanceof MappingNode mapping)) { throw wrong("<< must merge a mapping"); }
            sources.add(mapping);
        }
        return sources;
    }

    private static boolean isKey(NodeTuple tuple, String name) {
        return tuple.getKeyNode() instanceof ScalarNode key && key.getValue().equals(name);
    }
}
