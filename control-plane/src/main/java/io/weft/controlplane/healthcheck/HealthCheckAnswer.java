package io.weft.controlplane.healthcheck;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/**
 * HTTP/1.1 (RFC 9112) as far as a health check needs it: one request, whose path and method do not matter, one answer, then the connection
 * closes. Pure functions.
 */
final class HealthCheckAnswer {
    /** Of request line and fields; more is refused. */
    static final int MAX_REQUEST_BYTES = 8192;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int OK = 200;
    private static final int BAD_REQUEST = 400;
    private static final int SERVICE_UNAVAILABLE = 503;

    /** The body, as kube-proxy writes it. */
    private record Body(Named service, int localEndpoints, boolean serviceProxyHealthy) {
    }

    private record Named(String namespace, String name) {
    }

    private HealthCheckAnswer() {
    }

    /** Whether request line and fields have arrived: up to an empty line. */
    static boolean isComplete(byte[] request, int length) {
        int lineLength = 0;
        for (int i = 0; i < length; i++) {
            if (request[i] == '\n') {
                if (lineLength == 0 && i > 1) { return true; }
                lineLength = 0;
            } else if (request[i] != '\r') {
                lineLength++;
            }
        }
        return false;
    }

    /** The answer to a complete request. */
    static byte[] of(byte[] request, int length, HealthCheckNodePort service, boolean healthy) {
        String text = new String(request, 0, length, StandardCharsets.ISO_8859_1);
        String[] words = text.lines().filter(line -> !line.isEmpty()).findFirst().orElse("").split(" ", -1);
        if (words.length != 3 || !words[2].startsWith("HTTP/1.")) { return refused(); }
        int count = service.localEndpoints();
        byte[] body = body(new Body(new Named(service.namespace(), service.name()), count, healthy));
        return message(count > 0 && healthy ? OK : SERVICE_UNAVAILABLE,
            List.of("Content-Type: application/json", "X-Content-Type-Options: nosniff",
                "X-Load-Balancing-Endpoint-Weight: " + count),
            body, !words[0].equals("HEAD"));
    }

    /** The answer to what is no request, or one that is too long. */
    static byte[] refused() {
        return message(BAD_REQUEST, List.of(), new byte[0], false);
    }

    private static byte[] body(Body body) {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] message(int status, List<String> fields, byte[] body, boolean withBody) {
        List<String> lines = new ArrayList<>();
        lines.add("HTTP/1.1 " + status + " " + reason(status));
        lines.addAll(fields);
        lines.add("Content-Length: " + body.length);
        lines.add("Date: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)));
        lines.add("Connection: close");
        byte[] head = (String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
        if (!withBody) { return head; }
        byte[] message = new byte[head.length + body.length];
        System.arraycopy(head, 0, message, 0, head.length);
        System.arraycopy(body, 0, message, head.length, body.length);
        return message;
    }

    private static String reason(int status) {
        return switch (status) {
            case OK -> "OK";
            case BAD_REQUEST -> "Bad Request";
            default -> "Service Unavailable";
        };
    }
}
