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

    private JsonTree(String path, JsonNode node) {
        super(path);
        this.node = node;
    }

    static JsonTree root(JsonNode node) {
        return new JsonTree("", node);
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
        return Optional.ofNullable(node.get(name)).map(value -> new JsonTree(pathOf(name), value));
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
        List<ObjectTree> elements = new ArrayList<>();
        node.forEach(element -> elements.add(new JsonTree(pathOf(elements.size()), element)));
        return elements;
    }

    @Override
    Scalar scalar() {
        if (!node.isValueNode()) { throw notASingleValue(); }
        return new JsonScalar(node);
    }
}
