package io.weft.controlplane.api.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Sends answers and problems: entity tags, conditional requests, HEAD, and the headers that all of them have. */
final class Responses {
    private static final byte[] NOTHING = {};

    private Responses() {
    }

    /** With an entity tag if it is a 200; 304 without a body if the client already has it. */
    static void send(ServerRequest request, ServerResponse response, Answer answer) {
        common(response);
        response.header(HeaderNames.CACHE_CONTROL, "private, no-cache");
        answer.headers().forEach((name, value) -> response.header(HeaderNames.create(name), value));
        if (answer.isTagged()) {
            String tag = answer.entityTag();
            response.header(HeaderNames.ETAG, tag);
            if (matches(request.headers().first(HeaderNames.IF_NONE_MATCH), tag)) {
                response.status(Status.NOT_MODIFIED_304).send();
                return;
            }
        }
        body(request, response, answer.status(), answer.mediaType(), answer.body());
    }

    static void send(ServerRequest request, ServerResponse response, ProblemException problem) {
        Status status = Status.create(problem.status());
        common(response);
        problem.headers().forEach((name, value) -> response.header(HeaderNames.create(name), value));
        byte[] body = Answer.bytes(
            new Problem(status.code(), status.reasonPhrase(), problem.getMessage(), problem.errors()));
        body(request, response, status.code(), Problem.MEDIA_TYPE, body);
    }

    /** Before any body is sent. */
    static void common(ServerResponse response) {
        response.header("X-Content-Type-Options", "nosniff");
    }

    /** The answer to HEAD has the headers of that to GET. */
    private static void body(ServerRequest request, ServerResponse response, int status, String mediaType,
        byte[] body) {
        response.status(status).header(HeaderNames.CONTENT_TYPE, mediaType);
        response.headers().contentLength(body.length);
        response.send(request.prologue().method().equals(Method.HEAD) ? NOTHING : body);
    }

    /** The weak comparison of RFC 9110 section 13.1.2. */
    private static boolean matches(Optional<String> ifNoneMatch, String tag) {
        List<String> tags = ifNoneMatch.map(text -> Arrays.stream(text.split(",")).map(String::strip).toList())
            .orElse(List.of());
        return tags.contains("*") || tags.contains(tag) || tags.contains("W/" + tag);
    }
}
