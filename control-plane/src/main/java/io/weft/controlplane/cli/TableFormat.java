package io.weft.controlplane.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import io.weft.controlplane.view.Table;
import java.util.List;
import java.util.Locale;

/** Prints a table as text, or as a list of objects in JSON or YAML. */
final class TableFormat {
    private static final String GAP = "  ";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper YAML = new ObjectMapper(
        new YAMLFactory().disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER));

    private TableFormat() {
    }

    static String of(Table table, OutputFormat format) {
        return switch (format) {
            case TABLE -> text(table);
            case JSON -> json(JSON.writerWithDefaultPrettyPrinter(), table.objects()) + "\n";
            case YAML -> json(YAML.writer(), table.objects());
        };
    }

    static String json(ObjectWriter writer, Object value) {
        try {
            return writer.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String text(Table table) {
        List<String> columns = table.columns();
        List<List<Object>> rows = table.rows();
        int[] widths = new int[columns.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = title(columns.get(i)).length();
            for (List<Object> row : rows) {
                widths[i] = Math.max(widths[i], row.get(i).toString().length());
            }
        }
        StringBuilder text = new StringBuilder();
        line(text, columns.stream().map(column -> (Object) title(column)).toList(), widths);
        rows.forEach(row -> line(text, row, widths));
        return text.toString();
    }

    private static void line(StringBuilder text, List<Object> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String cell = cells.get(i).toString();
            String pad = " ".repeat(widths[i] - cell.length());
            line.append(cells.get(i) instanceof Number ? pad + cell : cell + pad).append(GAP);
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }

    /** {@code podCidr} is printed as {@code POD CIDR}. */
    private static String title(String column) {
        return column.replaceAll("([a-z])([A-Z])", "$1 $2").toUpperCase(Locale.ROOT);
    }
}
