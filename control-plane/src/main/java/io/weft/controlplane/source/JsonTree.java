package io.weft.controlplane.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A value of a JSON document, as API servers and their clients deliver objects; it has no position in a file. */
final class JsonTree extends ObjectTree {

    /** The type of a JSON value says everything. */
    private record JsonScalar(JsonNode node) implements Scalar {
        @Override
        public String text() {
            return node.asText();
        }

        @Override
        public boolean isText() { return node.isTextual(); }

        @Override
        public boolean isQuoted() { return node.isTextual(); }

        @Override
        public Optional<Long> integer() {
            return node.isNumber() && node.canConvertToLong() && node.canConvertToExactIntegral()
                ? Optional.of(node.longValue())
                : Optional.empty();
        }

        @Override
        public Optional<Boolean> flag() {
            return node.isBoolean() ? Optional.of(node.booleanValue()) : Optional.empty();
        }
    }

    private final JsonNode node;

    private JsonTree(JsonNode node) {
        this.node = node;
    }

    private JsonTree(JsonTree parent, String name, JsonNode node) {
        super(parent, name);
        this.node = node;
    }

    private JsonTree(JsonTree parent, int index, JsonNode node) {
        super(parent, index);
        this.node = node;
    }

    static JsonTree root(JsonNode node) {
        return new JsonTree(node);
    }

    @Override
    int line() {
        return 0;
    }

    @Override
    boolean isNull() { return node.isNull(); }

    @Override
    Optional<ObjectTree> child(String name) {
        if (!node.isObject()) { throw notFields(); }
        JsonNode value = node.get(name);
        return value == null ? Optional.empty() : Optional.of(new JsonTree(this, name, value));
    }

    @Override
    Set<String> names() {
        if (!node.isObject()) { throw notFields(); }
        Set<String> names = new LinkedHashSet<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Override
    List<ObjectTree> elements() {
        if (!node.isArray()) { throw notAList(); }
        List<ObjectTree> elements = new ArrayList<>(node.size());
        node.forEach(element -> elements.add(new JsonTree(this, elements.size(), element)));
        return elements;
    }

    @Override
    Scalar scalar() {
        if (!node.isValueNode()) { throw notASingleValue(); }
        return new JsonScalar(node);
    }
}
