package io.weft.controlplane.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.controlplane.view.Table;
import io.weft.controlplane.view.UnavailableException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Prints flow records: the latest, or each as it comes. */
@Command(name = "flow-records", description = "Show the latest flows that have ended, or each as it ends (flows.records must be end or all).", mixinStandardHelpOptions = true)
final class FlowRecordsCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<LinkedHashMap<String, Object>> ROW = new TypeReference<>() {
    };
    private static final String[] COLUMNS = {"event", "start", "end", "protocol", "source", "destination", "newSource",
        "newDestination", "direction", "state", "reason", "packets", "bytes", "replyPackets", "replyBytes", "fromPod",
        "toPod", "service"};
    private static final Set<String> WIDE = Set.of("event", "newSource", "direction", "state");
    private static final String PATH = "/api/v1/flow-records";
    private static final String DATA = "data: ";

    @Spec private CommandSpec spec;

    @Mixin private ReadOptions read;

    @Mixin private RowFilter filter;

    @Option(names = {"-f",
        "--follow"}, description = "print each record as it comes, until Ctrl-C; first those that are still known") private boolean follow;

    @Override
    public Integer call() {
        return follow ? follow() : list();
    }

    private int list() {
        ApiClient api = read.api();
        Table table = new Table(COLUMNS);
        long lost = 0;
        Optional<String> next = Optional.of(PATH + "?limit=5000");
        while (next.isPresent()) {
            ApiAnswer page = api.get(next.get());
            JsonNode document = page.json();
            lost = document.path("lost").asLong();
            for (JsonNode flow : document.path("records")) {
                add(table, flow);
            }
            next = page.next();
        }
        if (lost > 0) {
            spec.commandLine().getErr()
                .println("weft: " + lost + " records are lost, because they were not read in time");
        }
        spec.commandLine().getOut().print(TableFormat.of(filtered(table), read.format(), WIDE));
        spec.commandLine().getOut().flush();
        return 0;
    }

    private static void add(Table table, JsonNode flow) {
        ((ObjectNode) flow).remove("id");
        Map<String, Object> row = JSON.convertValue(flow, ROW);
        List<Object> cells = new ArrayList<>();
        for (String column : COLUMNS) {
            cells.add(row.getOrDefault(column, ""));
        }
        table.add(cells.toArray());
    }

    private Table filtered(Table table) {
        try {
            return filter.apply(table);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private int follow() {
        PrintWriter out = spec.commandLine().getOut();
        RollingTable rolling = new RollingTable(read.format() == OutputFormat.WIDE ? Set.of() : WIDE);
        read.api().stream(PATH + "/stream", line -> {
            if (line.startsWith(DATA)) {
                print(out, rolling, line.substring(DATA.length()));
            }
            return !out.checkError() && !Thread.currentThread().isInterrupted();
        });
        return 0;
    }

    private void print(PrintWriter out, RollingTable rolling, String data) {
        Table one = new Table(COLUMNS);
        try {
            add(one, JSON.readTree(data));
        } catch (JsonProcessingException e) {
            throw new UnavailableException("the stream is not that of Weft's API");
        }
        Table wanted = filtered(one);
        if (wanted.rows().isEmpty()) { return; }
        out.print(switch (read.format()) {
            case TABLE, WIDE -> rolling.lines(wanted);
            case JSON -> data + "\n";
            case YAML -> TableFormat.of(wanted, OutputFormat.YAML, Set.of());
        });
        out.flush();
    }
}
