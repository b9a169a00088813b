package io.weft.controlplane.view;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Rows under named columns. */
public final class Table {

    private final List<String> columns;
    private final List<List<Object>> rows = new ArrayList<>();

    /** @param columns in camelCase, like the objects' fields */
    public Table(String... columns) {
        this.columns = List.of(columns);
    }

    /** Names of the columns. */
    public List<String> columns() {
        return columns;
    }

    /** Cells by row; each is a string, a boolean or a number. */
    public List<List<Object>> rows() {
        return Collections.unmodifiableList(rows);
    }

    int size() {
        return rows.size();
    }

    /** @param cells each a string, a boolean or a number, one for each column */
    public void add(Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns);
        }
        rows.add(List.of(cells));
    }

    /** @param objects {@link #objects} of a table, at least one */
    public static Table ofObjects(List<Map<String, Object>> objects) {
        Table table = new Table(objects.getFirst().keySet().toArray(String[]::new));
        objects.forEach(object -> table.add(object.values().toArray()));
        return table;
    }

    /** The rows that are accepted, under the same columns. */
    public Table filtered(Predicate<Map<String, Object>> accepts) {
        Table table = new Table(columns.toArray(String[]::new));
        List<Map<String, Object>> objects = objects();
        for (int i = 0; i < rows.size(); i++) {
            if (accepts.test(objects.get(i))) {
                table.rows.add(rows.get(i));
            }
        }
        return table;
    }

    /** One object for each row, its fields in the order of the columns. */
    public List<Map<String, Object>> objects() {
        List<Map<String, Object>> objects = new ArrayList<>();
        for (List<Object> row : rows) {
            Map<String, Object> object = new LinkedHashMap<>();
            for (int i = 0; i < row.size(); i++) {
                object.put(columns.get(i), row.get(i));
            }
            objects.add(object);
        }
        return objects;
    }
}
