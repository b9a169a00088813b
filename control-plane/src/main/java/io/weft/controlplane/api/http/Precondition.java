package io.weft.controlplane.api.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What a client expects of a resource that it writes: If-Match and If-None-Match (RFC 9110 section 13.1). */
public final class Precondition {
    private static final String ANY = "*";

    private final Optional<List<String>> match;
    private final Optional<List<String>> noneMatch;

    private Precondition(Optional<List<String>> match, Optional<List<String>> noneMatch) {
        this.match = match;
        this.noneMatch = noneMatch;
    }

    public static Precondition of(Resource.Request request) {
        return new Precondition(tags(request, HeaderNames.IF_MATCH), tags(request, HeaderNames.IF_NONE_MATCH));
    }

    private static Optional<List<String>> tags(Resource.Request request, HeaderName name) {
        return request.header(name).map(text -> Arrays.stream(text.split(",")).map(String::strip).toList());
    }

    /**
     * Checks it.
     *
     * @param tag the entity tag that the resource has now; empty if there is no such resource
     * @throws ProblemException 412 if the resource is not as expected
     */
    public void require(Optional<String> tag) {
        if (match.isPresent() && !contains(match.get(), tag)) { // weak tags never match here
            throw failed("If-Match",
                tag.isEmpty() ? "there is no such resource" : "the resource has changed; read it again");
        }
        if (noneMatch.isPresent()
            && contains(noneMatch.get().stream().map(each -> each.replaceFirst("^W/", "")).toList(), tag)) {
            throw failed("If-None-Match", "the resource exists");
        }
    }

    private static boolean contains(List<String> tags, Optional<String> tag) {
        return tag.isPresent() && (tags.contains(ANY) || tags.contains(tag.get()));
    }

    private static ProblemException failed(String header, String detail) {
        return ProblemException.of(412, header + ": " + detail);
    }
}
