package io.weft.controlplane.cli;

import io.weft.controlplane.view.Table;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/**
 * Conditions on the rows of a table, all of which must hold. {@code COLUMN=PATTERN} compares a cell, whole, with a pattern in which {@code *}
 * stands for anything. {@code address=}, {@code port=} and {@code pod=} look at every cell of that kind if there is no such column, and
 * {@code address=} also takes a prefix.
 */
final class RowFilter {
    private static final String ADDRESS = "address";
    private static final String PORT = "port";
    private static final String POD = "pod";

    @Option(names = "--filter", paramLabel = "COLUMN=PATTERN", description = "only rows whose column has this value; * stands for anything; also address=PREFIX, port=N and pod=NAME for every such cell; may be repeated, and all must hold") private Map<String, String> conditions = new LinkedHashMap<>();

    /** @throws IllegalArgumentException one line, if the table has no such column */
    Table apply(Table table) {
        Table filtered = table;
        for (Map.Entry<String, String> condition : conditions.entrySet()) {
            filtered = apply(filtered, condition.getKey(), condition.getValue());
        }
        return filtered;
    }

    private static Table apply(Table table, String name, String wanted) {
        List<String> columns = columns(table.columns(), name);
        if (columns.isEmpty()) {
            throw new IllegalArgumentException(
                "--filter " + name + ": no such column; there are " + String.join(", ", table.columns()));
        }
        Optional<IpPrefix> prefix = name.equals(ADDRESS) ? prefix(wanted) : Optional.empty();
        Pattern pattern = pattern(wanted);
        return table.filtered(row -> columns.stream().map(column -> row.get(column).toString())
            .anyMatch(cell -> prefix.isPresent() ? isIn(prefix.get(), cell) : matches(name, pattern, cell)));
    }

    /** The one of this name, or all that contain such values. */
    private static List<String> columns(List<String> all, String name) {
        for (String column : all) {
            if (column.equalsIgnoreCase(name) && !name.equals(ADDRESS)) { return List.of(column); }
        }
        List<String> kind = switch (name) {
            case ADDRESS -> List.of("address", "source", "destination", "newSource", "newDestination", "backend",
                "nextHop", "endpoint", "prefix", "podCidr");
            case PORT -> List.of("port", "source", "destination", "newSource", "newDestination", "backendPort");
            case POD -> List.of("pod", "fromPod", "toPod");
            default -> List.of();
        };
        List<String> found = new ArrayList<>(all);
        found.retainAll(kind);
        return found;
    }

    private static boolean matches(String name, Pattern pattern, String cell) {
        int colon = cell.lastIndexOf(':');
        return pattern.matcher(cell).matches()
            || name.equals(PORT) && colon >= 0 && pattern.matcher(cell.substring(colon + 1)).matches();
    }

    private static Optional<IpPrefix> prefix(String text) {
        return IpPrefix.parse(text).or(() -> IpAddress.parse(text).map(IpPrefix::single));
    }

    /** @param cell an address, an address with a port, or a prefix */
    private static boolean isIn(IpPrefix prefix, String cell) {
        int end = cell.indexOf('/') >= 0 ? cell.indexOf('/') : cell.indexOf(':') >= 0 ? cell.lastIndexOf(':')
            : cell.length();
        return IpAddress.parse(cell.substring(0, end)).filter(IpAddress::isIpv4).filter(prefix::contains).isPresent();
    }

    private static Pattern pattern(String wanted) {
        StringBuilder pattern = new StringBuilder();
        for (String part : wanted.toLowerCase(Locale.ROOT).split("\\*", -1)) {
            pattern.append(pattern.isEmpty() ? "" : ".*").append(Pattern.quote(part));
        }
        return Pattern.compile(pattern.toString(), Pattern.CASE_INSENSITIVE);
    }
}
