package io.weft.perf.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.perf.result.Spread;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;
import picocli.CommandLine;

class HtmlReportTest {
    private static final String COMPARE = """
        {"kind": "compare", "machine": {"cpu": "<some> & processor", "cores": 2},
         "settings": {"pairs": 10, "seconds": 1.0, "frameBytes": 60}, "leftOut": [{"name": "ovs", "reason": "not found"}],
         "series": [
           {"name": "weft dnat-vxlan 64 flows", "system": "weft", "mppsPerCore": {"median": 2.0, "min": 1.0, "max": 4.0}},
           {"name": "linux dnat-vxlan 64 flows", "system": "linux", "mppsPerCore": {"median": 1.0, "min": 0.5, "max": 1.5}}],
         "ratios": [{"weft": "weft dnat-vxlan 64 flows", "peer": "linux dnat-vxlan 64 flows", "goal": 2.5,
                     "ratio": {"median": 2.0, "min": 1.9, "max": 2.1}}]}""";
    private static final String MICRO = """
        [{"name": "pod-clusterip-vxlan", "flows": 65536, "batch": 64, "nsPerPacket": 40.0, "nsP999": 80.0, "bytesPerPacket": 0,
          "stages": [{"name": "flow-lookup", "nsPerPacket": 10.0, "share": 0.25}], "machine": {"cpu": "x"}}]""";
    /** As {@code bench echo} writes them. */
    private static final String ECHO = """
        {"machine": {"cpu": "x"}, "rounds": 10, "seconds": 5.0, "rate": 2000, "cases": [
          {"path": "weft idle", "loadRate": 0, "p50": %s, "p99": %s, "p9999": %s}],
         "moves": [{"path": "weft", "loadRate": 0, "p99": %s}]}"""
        .formatted(json(20, 30, 40), json(90, 100, 200), json(500, 1000, 9000), json(-20, 700, 900));

    private static String json(double... values) {
        try {
            return new ObjectMapper().writeValueAsString(Spread.of(values));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void barsAreAsLongAsTheirFigures() throws Exception {
        Element svg = picture(report(COMPARE), 0);
        double weft = width(svg, 0);
        assertTrue(weft > 0);
        assertEquals(weft / 2, width(svg, 1), 0.1);
        assertEquals("weft", ((Element) svg.getElementsByTagName("rect").item(0)).getAttribute("class"));
    }

    @Test
    void showsRatiosGoalsAndWhatWasLeftOut() throws Exception {
        String page = report(COMPARE);
        assertTrue(
            page.contains(
                "<td class=\"number\">2.00</td><td class=\"number\">1.90–2.10</td><td class=\"number\">≥ 2.50</td>"),
            page);
        assertTrue(page.contains("Left out: ovs: not found"));
        assertTrue(page.contains("&lt;some&gt; &amp; processor"));
    }

    @Test
    void drawsStagesAndPercentiles() throws Exception {
        String page = report(COMPARE, MICRO, ECHO);
        assertTrue(page.contains("Stages of pod-clusterip-vxlan, 65,536 flows, batch 64"), page);
        assertTrue(page.contains("weft idle, 0 pps background p99.99: 1000 µs (500–9000)"), page);
        assertTrue(page.contains("the p99 of weft, 0 pps background, by 700 µs (-20 to 900)"), page);
        for (int i = 0; i < 4; i++) {
            picture(page, i);
        }
    }

    @Test
    void loadsNothingFromTheNetwork() throws Exception {
        String page = report(COMPARE, MICRO, ECHO).replace("http://www.w3.org/2000/svg", "");
        assertFalse(page.contains("http") || page.contains("src=") || page.contains("href="), page);
    }

    @Test
    void refusesOtherJson() {
        assertThrows(IllegalArgumentException.class, () -> report("{\"a\": 1}"));
    }

    @Test
    void writesTheFile(@TempDir Path directory) throws Exception {
        Path compare = Files.writeString(directory.resolve("compare.json"), COMPARE);
        Path out = directory.resolve("report.html");
        assertEquals(0,
            new CommandLine(new ReportCommand()).execute("--compare", compare.toString(), "--out", out.toString()));
        assertTrue(Files.readString(out).startsWith("<!DOCTYPE html>"));
    }

    @Test
    void nothingToReportIsWrongUsage() {
        assertEquals(2, new CommandLine(new ReportCommand()).setErr(new java.io.PrintWriter(new java.io.StringWriter()))
            .execute("--out", "x"));
    }

    private static String report(String... results) throws Exception {
        ObjectMapper json = new ObjectMapper();
        return HtmlReport.of(List.of(results).stream().map(result -> {
            try {
                return json.readTree(result);
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }).toList());
    }

    /** The page's {@code index}th picture, which must be well-formed XML. */
    private static Element picture(String page, int index) throws Exception {
        int from = -1;
        for (int i = 0; i <= index; i++) {
            from = page.indexOf("<svg", from + 1);
        }
        String svg = page.substring(from, page.indexOf("</svg>", from) + "</svg>".length());
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)))
            .getDocumentElement();
    }

    private static double width(Element svg, int bar) {
        return Double.parseDouble(((Element) svg.getElementsByTagName("rect").item(bar)).getAttribute("width"));
    }
}
