package io.weft.controlplane.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.view.UnavailableException;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * What the REST API has answered.
 *
 * @param server for messages
 * @param entityTag of the resource
 * @param next address of the next page, with path and query
 */
record ApiAnswer(String server, int status, Optional<String> entityTag, Optional<String> next, String body) {
    static final int OK = 200;
    static final int CREATED = 201;
    static final int BAD_REQUEST = 400;
    static final int NOT_FOUND = 404;
    static final int PRECONDITION_FAILED = 412;
    private static final ObjectMapper JSON = new ObjectMapper()
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    boolean isDone() { return status == OK || status == CREATED; }

    /** @throws UnavailableException if it is not such a document */
    <T> T as(TypeReference<T> type) {
        try {
            return JSON.readValue(body, type);
        } catch (JsonProcessingException e) {
            throw new UnavailableException(server + ": the answer is not that of Weft's API");
        }
    }

    /** @throws UnavailableException if it is no JSON */
    JsonNode json() {
        return as(new TypeReference<>() {
        });
    }

    /** A problem document (RFC 9457) in one line: each wrong part by its name, or what is wrong with the whole. */
    String problem() {
        JsonNode document;
        try {
            document = JSON.readTree(body);
        } catch (JsonProcessingException e) {
            return "status " + status;
        }
        StringJoiner errors = new StringJoiner("; ");
        for (JsonNode error : document.path("errors")) {
            String part = error.path("field").asText(error.path("pointer").asText().replaceFirst("^#/?", ""));
            errors.add((part.isEmpty() ? "" : part + ": ") + error.path("detail").asText());
        }
        if (errors.length() > 0) { return errors.toString(); }
        return document.path("detail").asText(document.path("title").asText("status " + status));
    }
}
