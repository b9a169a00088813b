package io.weft.controlplane.api.resource;

import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.Resource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The status page and its two files. They contain nothing about the node, so they need no token; the page asks the API, with a token that the user enters. The
 * browser lets it load nothing from elsewhere and run no script but its own.
 */
public final class StatusPage {
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        + " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private StatusPage() {
    }

    public static List<Resource> of() {
        return List.of(file("/", "status.html", "text/html"), file("/status.css", "status.css", "text/css"),
            file("/status.js", "status.js", "text/javascript"));
    }

    private static Resource file(String path, String name, String type) {
        Answer answer = Answer.of(type + "; charset=utf-8", read(name)).with("Content-Security-Policy", POLICY)
            .with("Referrer-Policy", "no-referrer");
        return new Resource(path, Optional.empty(), List.of(type), Set.of(), Resource.answering(_ -> answer));
    }

    private static byte[] read(String name) {
        try (InputStream in = StatusPage.class.getResourceAsStream("page/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(name + " cannot be read", e);
        }
    }
}
