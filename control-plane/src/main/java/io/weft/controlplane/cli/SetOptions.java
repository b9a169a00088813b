package io.weft.controlplane.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** What all commands that set a write have in common. */
final class SetOptions {
    @Option(names = "--comment", paramLabel = "TEXT", description = "why, for others; weft status shows it") private String comment;

    @Option(names = "--force", description = "even if it acts on nothing now, or takes a Service's last endpoint") private boolean force;

    boolean isForced() { return force; }

    /** The comment as the body of a request, if there is one. */
    Map<String, String> body() {
        return body(Map.of());
    }

    /** The members and the comment. */
    Map<String, String> body(Map<String, String> members) {
        Map<String, String> body = new LinkedHashMap<>(members);
        if (comment != null) {
            body.put("comment", comment);
        }
        return body;
    }
}
