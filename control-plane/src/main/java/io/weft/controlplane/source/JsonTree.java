package io.weft.controlplane.source;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A value of a JSON document, as API servers and their clients deliver objects; it has no position in a file. There is one object for each value
 * and none between it and the parser, because an API server may send thousands of events a second, and their garbage is what pauses a node's
 * updates.
 */
public final class JsonTree extends ObjectTree {
    /** Who has written which field: often longer than the rest of the object, and of no use here. */
    private static final String MANAGED_FIELDS = "managedFields";

    private static final int FEW = 4;

    /** The type of a JSON value says everything. */
    private record JsonScalar(JsonToken type, String text) implements Scalar {
        @Override
        public boolean isText() { return type == JsonToken.VALUE_STRING; }

        @Override
        public boolean isQuoted() { return isText(); }

        @Override
        public Optional<Long> integer() {
            if (!type.isNumeric()) { return Optional.empty(); }
            try {
                return Optional.of(new BigDecimal(text).longValueExact());
            } catch (ArithmeticException | NumberFormatException e) {
                return Optional.empty(); // a fraction, or out of range, or with an exponent that is
            }
        }

        @Override
        public Optional<Boolean> flag() {
            return type.isBoolean() ? Optional.of(type == JsonToken.VALUE_TRUE) : Optional.empty();
        }
    }

    private final JsonToken type;
    /** Of a scalar. */
    private final String text;
    /** Fields of an object, elements of an array. */
    private final List<ObjectTree> children;

    private JsonTree(JsonTree parent, String name, int index, JsonParser parser) throws IOException {
        super(parent, name, index);
        type = parser.currentToken();
        text = type.isScalarValue() ? parser.getText() : "";
        children = type.isScalarValue() ? List.of() : new ArrayList<>(FEW);
        if (type == JsonToken.START_OBJECT) {
            readFields(parser);
        } else if (type == JsonToken.START_ARRAY) {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                children.add(new JsonTree(this, null, children.size(), parser));
            }
        }
    }

    private JsonTree() {
        super(null, null, 0);
        type = JsonToken.START_OBJECT;
        text = "";
        children = List.of();
    }

    private void readFields(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            parser.nextToken();
            if (field.equals(MANAGED_FIELDS)) {
                parser.skipChildren();
            } else {
                children.add(new JsonTree(this, field, 0, parser));
            }
        }
    }

    /**
     * Reads one value without the fields {@code managedFields}.
     *
     * @param parser whose current token is the first of the value; it is the last afterwards
     */
    public static JsonTree read(JsonParser parser) throws IOException {
        return new JsonTree(null, null, 0, parser);
    }

    /** Of an object without fields. */
    public static JsonTree empty() {
        return new JsonTree();
    }

    /** The text of the scalar at the end of a path of fields, whatever its type; empty if there is none. */
    public String textAt(String... path) {
        JsonTree value = this;
        for (String name : path) {
            value = value == null || value.type != JsonToken.START_OBJECT ? null : value.fieldOrNull(name);
        }
        return value == null || value.type == JsonToken.VALUE_NULL ? "" : value.text;
    }

    /** The last one of that name, as most readers of JSON have it. */
    private JsonTree fieldOrNull(String name) {
        for (int i = children.size() - 1; i >= 0; i--) {
            if (children.get(i).name().equals(name)) { return (JsonTree) children.get(i); }
        }
        return null;
    }

    @Override
    int line() {
        return 0;
    }

    @Override
    boolean isNull() { return type == JsonToken.VALUE_NULL; }

    @Override
    Optional<ObjectTree> child(String name) {
        if (type != JsonToken.START_OBJECT) { throw notFields(); }
        return Optional.ofNullable(fieldOrNull(name));
    }

    @Override
    Set<String> names() {
        if (type != JsonToken.START_OBJECT) { throw notFields(); }
        Set<String> names = new LinkedHashSet<>();
        children.forEach(child -> names.add(child.name()));
        return names;
    }

    @Override
    List<ObjectTree> elements() {
        if (type != JsonToken.START_ARRAY) { throw notAList(); }
        return children;
    }

    @Override
    Scalar scalar() {
        if (!type.isScalarValue()) { throw notASingleValue(); }
        return new JsonScalar(type, text);
    }
}
