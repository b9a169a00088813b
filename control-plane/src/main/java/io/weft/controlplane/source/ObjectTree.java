package io.weft.controlplane.source;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A value of a cluster object with its field path and, in a file, its line, so that errors can name it. {@link ObjectReader} reads objects of
 * any format as such trees: a subclass provides the values, and this class checks their types.
 */
abstract class ObjectTree {

    /** A field with a wrong value; the caller adds the names of the source and the object. */
    static final class WrongField extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final int line;

        private WrongField(int line, String message) {
            super(message, null, false, false);
            this.line = line;
        }

        /** As {@link ObjectTree#line}. */
        int line() {
            return line;
        }
    }

    /** A scalar. */
    interface Scalar {
        /** The text as written, whatever its type. */
        String text();

        /** Whether it is text, not a number or boolean. */
        boolean isText();

        /** Whether it is in quotes. */
        boolean isQuoted();

        /** A whole number; empty for anything else. */
        Optional<Long> integer();

        /** A boolean; empty for anything else. */
        Optional<Boolean> flag();
    }

    // Hardly any value is wrong, so its path is put together only when it is named.
    private final ObjectTree parent;
    private final String name;
    private final int index;

    /** The object itself. */
    ObjectTree() {
        this(null, null, 0);
    }

    /** A field of {@code parent}. */
    ObjectTree(ObjectTree parent, String name) {
        this(parent, name, 0);
    }

    /** An element of {@code parent}, counted from 0. */
    ObjectTree(ObjectTree parent, int index) {
        this(parent, null, index);
    }

    /** The field {@code name} of {@code parent}, or with a null its element {@code index}. */
    ObjectTree(ObjectTree parent, String name, int index) {
        this.parent = parent;
        this.name = name;
        this.index = index;
    }

    // -- provided by the subclass ---------------------------------------------------------------------------------------

    /** Line in its file, from 1; 0 for a value that is in no file. */
    abstract int line();

    abstract boolean isNull();

    /** The field, even if it is null; empty if it is absent. Errors: {@link #notFields}. */
    abstract Optional<ObjectTree> child(String name);

    /** Names of all fields. Errors: {@link #notFields}. */
    abstract Set<String> names();

    /** Elements of the list. Errors: {@link #notAList}. */
    abstract List<ObjectTree> elements();

    /** Errors: {@link #notASingleValue}. */
    abstract Scalar scalar();

    /** Name of this field; null for an element of a list and the object itself. */
    final String name() {
        return name;
    }

    // -- used by the readers -----------------------------------------------------------------------------------------

    /** The field, or empty if absent or null. */
    final Optional<ObjectTree> field(String name) {
        return child(name).filter(found -> !found.isNull());
    }

    /** Whether the field is present, even as null. */
    final boolean has(String name) {
        return child(name).isPresent();
    }

    final ObjectTree required(String name) {
        return field(name).orElseThrow(() -> missing(name));
    }

    /** Elements of the list field, none if it is absent. */
    final List<ObjectTree> list(String name) {
        return field(name).map(ObjectTree::elements).orElse(List.of());
    }

    /** Text; an unquoted number or boolean is not text, as for the Kubernetes API. */
    final String text() {
        Scalar scalar = scalar();
        if (!isNull() && !scalar.isText()) { throw wrong("must be text; put quotes around " + scalar.text()); }
        return scalar.text();
    }

    /** The text of a scalar as written, whatever its type. */
    final String textOrNumber() {
        return scalar().text();
    }

    /** {@code absent} if the field is missing, null or empty: the API uses its default in all three cases. */
    final String text(String name, String absent) {
        return field(name).map(ObjectTree::text).filter(text -> !text.isEmpty()).orElse(absent);
    }

    final boolean flag(String name, boolean absent) {
        return field(name).map(ObjectTree::flag).orElse(absent);
    }

    final int integer(int min, int max) {
        Optional<Long> number = scalar().integer();
        if (number.isEmpty() || number.get() < min || number.get() > max) {
            throw wrong("must be a number from " + min + " to " + max + ", not " + shown());
        }
        return (int) (long) number.get();
    }

    private boolean flag() {
        return scalar().flag().orElseThrow(() -> wrong("must be true or false, not " + shown()));
    }

    private String shown() {
        String text = "\"" + scalar().text() + "\"";
        return scalar().isQuoted() ? text + " in quotes" : text;
    }

    // -- errors ------------------------------------------------------------------------------------------------------

    final WrongField wrong(String what) {
        String path = path();
        return new WrongField(line(), path.isEmpty() ? what : path + ": " + what);
    }

    /** The error for a missing field. */
    final WrongField missing(String field) {
        return new WrongField(line(), pathOf(field) + ": is missing");
    }

    final WrongField notFields() {
        return wrong("must have fields");
    }

    final WrongField notAList() {
        return wrong("must be a list");
    }

    final WrongField notASingleValue() {
        return wrong("must be a single value");
    }

    /** Path of a field of this value. */
    final String pathOf(String field) {
        String path = path();
        return path.isEmpty() ? field : path + "." + field;
    }

    /** Fields and indices from the object; empty for the object itself. */
    private String path() {
        if (parent == null) { return ""; }
        return name == null ? parent.path() + "[" + index + "]" : parent.pathOf(name);
    }
}
