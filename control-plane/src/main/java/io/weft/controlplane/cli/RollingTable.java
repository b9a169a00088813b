package io.weft.controlplane.cli;

import io.weft.controlplane.view.Table;
import java.util.List;
import java.util.Set;

/** A table whose rows come one by one: columns become wider when they must, and never narrower. One thread. */
final class RollingTable {
    private final Set<String> leftOut;
    private int[] widths;

    /** @param leftOut columns */
    RollingTable(Set<String> leftOut) {
        this.leftOut = leftOut;
    }

    /** The next rows, under titles the first time. */
    String lines(Table rows) {
        StringBuilder text = new StringBuilder();
        if (widths == null) {
            widths = new int[rows.columns().size()];
            append(text, rows.columns(), rows.columns().stream().map(TableFormat::title).toList());
        }
        rows.rows().forEach(row -> append(text, rows.columns(), row));
        return text.toString();
    }

    private void append(StringBuilder text, List<String> columns, List<?> cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            if (!leftOut.contains(columns.get(i))) {
                String cell = cells.get(i).toString();
                widths[i] = Math.max(widths[i], cell.length());
                line.append(cell).append(" ".repeat(widths[i] - cell.length() + 2));
            }
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }
}
