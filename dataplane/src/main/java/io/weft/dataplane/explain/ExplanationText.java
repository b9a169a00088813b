package io.weft.dataplane.explain;

import io.weft.dataplane.explain.Explanation.Case;
import io.weft.dataplane.explain.Explanation.Sent;
import io.weft.dataplane.explain.Explanation.Step;
import io.weft.dataplane.frame.ChecksumRequest;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/** An {@link Explanation} for people, and for programs. Cold code. */
final class ExplanationText {
    private static final int NODE_WIDTH = 20;

    private ExplanationText() {
    }

    static String table(Explanation explanation) {
        StringBuilder text = new StringBuilder();
        text.append("packet  ").append(explanation.packet()).append("\narrives at  ").append(explanation.port())
            .append('\n');
        for (int i = 0; i < explanation.cases().size(); i++) {
            Case each = explanation.cases().get(i);
            text.append('\n').append(i > 0 ? "IF THIS FLOW DID NOT EXIST" : heading(each)).append('\n');
            each.steps().forEach(step -> append(text, step));
            append(text, each);
        }
        return text.toString();
    }

    private static String heading(Case each) {
        return switch (each.flow()) {
            case "known" -> "KNOWN FLOW" + (each.fastPath() ? ", by the fast path" : ", by the slow path");
            case "new" -> "FIRST PACKET OF A FLOW";
            default -> "NO FLOW";
        };
    }

    private static void append(StringBuilder text, Step step) {
        String node = step.node();
        for (String detail : step.details().isEmpty() ? List.of("") : step.details()) {
            String line = "  " + node + " ".repeat(Math.max(1, NODE_WIDTH - node.length())) + detail;
            text.append(line.stripTrailing()).append('\n');
            node = "";
        }
    }

    private static void append(StringBuilder text, Case each) {
        switch (each.verdict()) {
            case DROPPED -> text.append("dropped: ").append(each.reason().label())
                .append(each.sent().isEmpty() ? "" : ", and answered").append('\n');
            case HELD -> text.append("held\n");
            case PUNTED -> text.append("punted to the node's own stack\n");
            case SENT -> text.append("sent\n");
        }
        for (Sent sent : each.sent()) {
            text.append("  to ").append(sent.port()).append(": ").append(sent.text())
                .append(sent.checksum() == ChecksumRequest.NONE ? "" : " (the device completes the checksum)")
                .append('\n');
        }
    }

    static String json(Explanation explanation) {
        return "{\"packet\":" + Json.quoted(explanation.packet()) + ",\"port\":" + Json.quoted(explanation.port())
            + ",\"cases\":"
            + Json.list(explanation.cases(), ExplanationText::json) + "}\n";
    }

    private static String json(Case each) {
        return "{\"flow\":" + Json.quoted(each.flow()) + ",\"fastPath\":" + each.fastPath() + ",\"verdict\":"
            + Json.quoted(each.verdict().name().toLowerCase(Locale.ROOT)) + ",\"dropReason\":"
            + (each.reason() == null ? "null" : Json.quoted(each.reason().label())) + ",\"nodes\":"
            + Json.list(each.steps(), step -> "{\"node\":" + Json.quoted(step.node()) + ",\"details\":"
                + Json.list(step.details(), Json::quoted) + "}")
            + ",\"sent\":" + Json.list(each.sent(), ExplanationText::json) + "}";
    }

    private static String json(Sent sent) {
        return "{\"portId\":" + sent.portId() + ",\"port\":" + Json.quoted(sent.port()) + ",\"frame\":"
            + Json.quoted(sent.text())
            + ",\"bytes\":" + Json.quoted(HexFormat.of().formatHex(sent.bytes())) + "}";
    }
}
