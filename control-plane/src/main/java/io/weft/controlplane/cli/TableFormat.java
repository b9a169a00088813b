package io.weft.controlplane.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import io.weft.controlplane.view.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Prints a table as text, or as a list of objects in JSON or YAML. */
final class TableFormat {
    private static final String GAP = "  ";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper YAML = new ObjectMapper(
        new YAMLFactory().disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER));

    private TableFormat() {
    }

    /** @param wideColumns which {@link OutputFormat#TABLE} leaves out */
    static String of(Table table, OutputFormat format, Set<String> wideColumns) {
        return switch (format) {
            case TABLE -> text(table, wideColumns);
            case WIDE -> text(table, Set.of());
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

    /** Columns that are as wide as they need to be, under a line of titles. */
    static String text(Table table, Set<String> leftOut) {
        List<Integer> shown = new ArrayList<>();
        for (int i = 0; i < table.columns().size(); i++) {
            if (!leftOut.contains(table.columns().get(i))) {
                shown.add(i);
            }
        }
        List<List<Object>> lines = new ArrayList<>();
        lines.add(shown.stream().map(column -> (Object) title(table.columns().get(column))).toList());
        table.rows().forEach(row -> lines.add(shown.stream().map(row::get).toList()));
        int[] widths = new int[shown.size()];
        for (List<Object> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).toString().length());
            }
        }
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> line(text, line, widths));
        return text.toString();
    }

    private static void line(StringBuilder text, List<Object> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String cell = cells.get(i).toString();
            String pad = " ".repeat(widths[i] - cell.length());
            line.append(cells.get(i) instanceof Number ? pad + cell : cell + pad)
                .append(GAP);
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }

    /** {@code podCidr} is printed as {@code POD CIDR}. */
    static String title(String column) {
        return column.replaceAll("([a-z])([A-Z])", "$1 $2").toUpperCase(Locale.ROOT);
    }
}
