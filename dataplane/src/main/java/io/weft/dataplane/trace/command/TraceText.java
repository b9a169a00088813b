package io.weft.dataplane.trace.command;

import io.weft.dataplane.counters.GraphNodeId;
import io.weft.dataplane.explain.FrameText;
import io.weft.dataplane.explain.Json;
import io.weft.dataplane.explain.NodeNames;
import io.weft.dataplane.trace.TracedFrame;
import io.weft.dataplane.trace.TracedFrame.Sent;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/** A traced frame in words, and as JSON. Cold code. */
final class TraceText {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS")
        .withZone(ZoneId.systemDefault());
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final NodeNames names;
    private final FrameText text;
    private int number;

    TraceText(NodeNames names, FrameText text) {
        this.names = names;
        this.text = text;
    }

    private static Instant time(TracedFrame frame) {
        return Instant.ofEpochSecond(frame.timeNanos() / NANOS_PER_SECOND, frame.timeNanos() % NANOS_PER_SECOND);
    }

    String lines(TracedFrame frame) {
        number++;
        StringBuilder lines = new StringBuilder();
        lines.append(number == 1 ? "" : "\n").append("frame ").append(number).append("  ")
            .append(TIME.format(time(frame))).append("  worker ").append(frame.worker()).append('\n')
            .append("  from ").append(names.port(frame.port())).append(": ").append(text.describe(frame.bytes()))
            .append('\n').append("  ").append(flow(frame)).append(": ")
            .append(frame.nodes().stream().map(GraphNodeId::label).collect(Collectors.joining(", "))).append('\n')
            .append("  ").append(verdict(frame)).append('\n');
        frame.sent().forEach(sent -> lines.append("    to ").append(names.port(sent.port())).append(": ")
            .append(text.describe(sent.bytes())).append('\n'));
        if (frame.sentCount() > frame.sent().size()) {
            lines.append("    and ").append(frame.sentCount() - frame.sent().size()).append(" more\n");
        }
        return lines.toString();
    }

    private static String flow(TracedFrame frame) {
        return switch (frame.flow()) {
            case "known" -> "known flow" + (frame.fastPath() ? ", fast path" : ", slow path");
            case "new" -> "first packet of a flow";
            default -> "no flow";
        };
    }

    private static String verdict(TracedFrame frame) {
        return switch (frame.verdict()) {
            case "dropped" -> "dropped: " + frame.reason().label() + (frame.sent().isEmpty() ? "" : ", and answered");
            case "punted" -> "punted to the node's own stack";
            default -> frame.verdict();
        };
    }

    String json(TracedFrame frame) {
        return "{\"time\":" + Json.quoted(time(frame).toString()) + ",\"worker\":" + frame.worker() + ",\"portId\":"
            + frame.port() + ",\"port\":" + Json.quoted(names.port(frame.port())) + ",\"frame\":"
            + Json.quoted(text.describe(frame.bytes())) + ",\"length\":" + frame.length() + ",\"bytes\":"
            + Json.quoted(HexFormat.of().formatHex(frame.bytes())) + ",\"flow\":" + Json.quoted(frame.flow())
            + ",\"fastPath\":" + frame.fastPath() + ",\"nodes\":"
            + Json.list(List.copyOf(frame.nodes()), node -> Json.quoted(node.label())) + ",\"verdict\":"
            + Json.quoted(frame.verdict()) + ",\"dropReason\":"
            + (frame.reason() == null ? "null" : Json.quoted(frame.reason().label())) + ",\"sentFrames\":"
            + frame.sentCount() + ",\"sent\":" + Json.list(frame.sent(), this::json) + "}\n";
    }

    private String json(Sent sent) {
        return "{\"portId\":" + sent.port() + ",\"port\":" + Json.quoted(names.port(sent.port())) + ",\"frame\":"
            + Json.quoted(text.describe(sent.bytes())) + ",\"length\":" + sent.length() + ",\"checksumByDevice\":"
            + sent.checksumRequested() + ",\"bytes\":" + Json.quoted(HexFormat.of().formatHex(sent.bytes())) + "}";
    }
}
