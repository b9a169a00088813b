package io.weft.perf.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One self-contained page: no script, font or picture from elsewhere. Reads the tools' JSON leniently: what is missing is left out. */
final class HtmlReport {
    private static final String WEFT = "weft";
    private static final String STYLE = """
        :root { color-scheme: light dark; --ink: #1d2733; --paper: #fff; --rule: #cfd6de; --weft: #0b7a75; --peer: #8a97a6; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e4e9ef; --paper: #14191f; --rule: #3a444f; --weft: #3fb8b0; --peer: #6b7886; } }
        body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-top: 1px solid var(--rule); padding-top: 1rem; }
        table { border-collapse: collapse; width: 100%; font-size: 13.5px; } th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--rule); }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
        svg { max-width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
        .weft { fill: var(--weft); } .peer { fill: var(--peer); } .point { fill: var(--weft); } .spread { stroke: var(--ink); stroke-width: 1.2; } .grid { stroke: var(--rule); }
        .note { font-size: 13px; opacity: .8; }
        """;

    private final StringBuilder page = new StringBuilder();

    /** @param results JSON of {@code weft bench}, of any kind that it writes */
    static String of(List<JsonNode> results) {
        HtmlReport report = new HtmlReport();
        results.forEach(report::add);
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Weft: measurements</title>
            <style>
            %s</style></head>
            <body>
            <h1>Weft: measurements</h1>
            <p>Bars and points are medians, thin lines reach from the minimum to the maximum. Figures from different machines cannot be
            compared, only ratios from one benchmark run.</p>
            %s</body>
            </html>
            """
            .formatted(STYLE, report.page);
    }

    private void add(JsonNode result) {
        if (result.path("kind").asText().equals("compare")) {
            comparison(result);
        } else if (result.isArray() && result.path(0).has("nsPerPacket")) {
            micro(result);
        } else if (result.has("cases")) {
            latency(result);
        } else {
            throw new IllegalArgumentException("not a result of bench compare, micro or echo");
        }
    }

    // -- comparison --------------------------------------------------------------------------------------------------

    private void comparison(JsonNode result) {
        heading("Packets per core-second");
        List<BarChart.Bar> bars = new ArrayList<>();
        for (JsonNode series : result.path("series")) {
            JsonNode figure = series.path("mppsPerCore");
            bars.add(new BarChart.Bar(series.path("name").asText(), figure.path("median").asDouble(),
                figure.path("min").asDouble(), figure.path("max").asDouble(),
                series.path("system").asText().equals(WEFT) ? WEFT : "peer"));
        }
        page.append(BarChart.draw("Millions of packets per core-second", "M", bars));
        JsonNode settings = result.path("settings");
        note(String.format(Locale.ROOT,
            "%d-byte frames, %d rounds of %.1f s each, interleaved; millions of packets at the sink per second of processor time of all cores minus the generator's.",
            settings.path("frameBytes").asInt(), settings.path("pairs").asInt(), settings.path("seconds").asDouble()));
        ratios(result.path("ratios"));
        for (JsonNode left : result.path("leftOut")) {
            note("Left out: " + left.path("name").asText() + ": " + left.path("reason").asText());
        }
        machine(result.path("machine"));
    }

    private void ratios(JsonNode ratios) {
        if (ratios.isEmpty()) { return; }
        page.append(
            "<table><tr><th>Weft</th><th>over</th><th class=\"number\">ratio</th><th class=\"number\">min–max</th>")
            .append("<th class=\"number\">goal</th></tr>\n");
        for (JsonNode one : ratios) {
            JsonNode ratio = one.path("ratio");
            row(one.path("weft").asText(), one.path("peer").asText(), number(ratio.path("median")),
                number(ratio.path("min")) + "–" + number(ratio.path("max")),
                one.has("goal") ? "≥ " + number(one.path("goal")) : "");
        }
        page.append("</table>\n");
    }

    private void row(String weft, String peer, String... numbers) {
        page.append("<tr><td>").append(Svg.escape(weft)).append("</td><td>").append(Svg.escape(peer)).append("</td>");
        for (String number : numbers) {
            page.append("<td class=\"number\">").append(number).append("</td>");
        }
        page.append("</tr>\n");
    }

    // -- in memory -----------------------------------------------------------------------------------------------------

    private void micro(JsonNode cases) {
        heading("Cost of a packet in memory");
        List<BarChart.Bar> bars = new ArrayList<>();
        for (JsonNode one : cases) {
            double ns = one.path("nsPerPacket").asDouble();
            bars.add(new BarChart.Bar(nameOf(one), ns, ns, Math.max(ns, one.path("nsP999").asDouble(ns)), WEFT));
        }
        page.append(BarChart.draw("Nanoseconds per packet", "ns", bars));
        note("The line reaches from the median to the 99.9th percentile of a batch.");
        for (JsonNode one : cases) {
            stages(one);
        }
        machine(cases.path(0).path("machine"));
    }

    private void stages(JsonNode one) {
        if (one.path("stages").isEmpty()) { return; }
        List<BarChart.Bar> bars = new ArrayList<>();
        for (JsonNode stage : one.path("stages")) {
            double ns = stage.path("nsPerPacket").asDouble();
            bars.add(new BarChart.Bar(stage.path("name").asText(), ns, ns, ns, WEFT));
        }
        page.append("<h3>Stages of ").append(Svg.escape(nameOf(one))).append("</h3>\n")
            .append(BarChart.draw("Nanoseconds per packet and stage", "ns", bars));
    }

    private static String nameOf(JsonNode one) {
        return String.format(Locale.ROOT, "%s, %,d flows, batch %d", one.path("name").asText(),
            one.path("flows").asInt(),
            one.path("batch").asInt());
    }

    // -- latency -------------------------------------------------------------------------------------------------------

    private void latency(JsonNode result) {
        heading("Round trips");
        List<PercentileChart.Case> cases = new ArrayList<>();
        for (JsonNode one : result.path("cases")) {
            cases.add(new PercentileChart.Case(
                String.format(Locale.ROOT, "%s, %,d pps background", one.path("path").asText(),
                    one.path("loadRate").asInt()),
                List.of(point("p50", one.path("p50")), point("p99", one.path("p99")),
                    point("p99.99", one.path("p9999")))));
        }
        page.append(PercentileChart.draw("Microseconds of a round trip", "µs", cases));
        note(String.format(Locale.ROOT, "%d rounds of %.1f s, %d echoes a second.", result.path("rounds").asInt(),
            result.path("seconds").asDouble(), result.path("rate").asInt()));
        for (JsonNode move : result.path("moves")) {
            JsonNode p99 = move.path("p99");
            note(String.format(Locale.ROOT,
                "Busy control planes move the p99 of %s, %,d pps background, by %.0f µs (%.0f to %.0f).",
                move.path("path").asText(), move.path("loadRate").asInt(), p99.path("median").asDouble(),
                p99.path("min").asDouble(), p99.path("max").asDouble()));
        }
        machine(result.path("machine"));
    }

    private static PercentileChart.Point point(String name, JsonNode spread) {
        return new PercentileChart.Point(name, spread.path("median").asDouble(), spread.path("min").asDouble(),
            spread.path("max").asDouble());
    }

    // -- parts ---------------------------------------------------------------------------------------------------------

    private void heading(String words) {
        page.append("<h2>").append(Svg.escape(words)).append("</h2>\n");
    }

    private void note(String words) {
        page.append("<p class=\"note\">").append(Svg.escape(words)).append("</p>\n");
    }

    private void machine(JsonNode machine) {
        List<String> facts = new ArrayList<>();
        machine.properties().forEach(fact -> facts.add(fact.getKey() + " " + fact.getValue().asText()));
        note("Machine: " + String.join(", ", facts));
    }

    private static String number(JsonNode value) {
        return String.format(Locale.ROOT, "%.2f", value.asDouble());
    }
}
