package io.weft.controlplane.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.controlplane.view.UnavailableException;
import io.weft.dataplane.config.ConfigurationException;
import java.util.Map;

/**
 * Carries out writes through the REST API, each on condition that its resource is still as it was found (If-Match), so that of two operators
 * none undoes what the other has done without seeing it. One thread.
 */
final class WriteClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NOT_CHANGED = "; nothing has changed";

    private final ApiClient api;
    private final boolean dryRun;

    WriteClient(ApiClient api, boolean dryRun) {
        this.api = api;
        this.dryRun = dryRun;
    }

    /**
     * Sets a write, in place of the one that may be there.
     *
     * @param what for messages, as {@code drain 10.244.1.5}
     * @param path of its resource
     * @return the API's answer
     * @throws UnavailableException if it is refused, or somebody else has changed the resource at the same time
     * @throws ConfigurationException if a part of it is wrong
     */
    JsonNode set(String what, String path, Map<String, String> body, boolean force) {
        ApiAnswer now = api.send("GET", path, Map.of(), "");
        Map<String, String> condition = now.entityTag().filter(_ -> now.isDone())
            .map(tag -> Map.of("If-Match", tag)).orElse(Map.of("If-None-Match", "*"));
        return put(what, path, body, force, condition, "was changed by somebody else at the same time"
            + NOT_CHANGED + " here: look at it, then try again");
    }

    /**
     * Like {@link #set}, but only if there is none yet.
     *
     * @param otherwise what to say if there is one
     */
    JsonNode add(String what, String path, Map<String, String> body, boolean force, String otherwise) {
        return put(what, path, body, force, Map.of("If-None-Match", "*"), otherwise);
    }

    private JsonNode put(String what, String path, Map<String, String> body, boolean force,
        Map<String, String> condition, String otherwise) {
        String query = dryRun && force ? "?dryRun=true&force=true" : dryRun ? "?dryRun=true"
            : force ? "?force=true" : "";
        return carriedOut(what, api.send("PUT", path + query, condition, text(body)), otherwise);
    }

    /**
     * Removes a write.
     *
     * @param missing what to say if there is none
     */
    JsonNode delete(String what, String path, String missing) {
        ApiAnswer now = api.send("GET", path, Map.of(), "");
        if (now.status() == ApiAnswer.NOT_FOUND) { throw new UnavailableException(missing); }
        Map<String, String> condition = now.entityTag().map(tag -> Map.of("If-Match", tag)).orElse(Map.of());
        ApiAnswer answer = api.send("DELETE", path + (dryRun ? "?dryRun=true" : ""), condition, "");
        if (answer.status() == ApiAnswer.NOT_FOUND) { throw new UnavailableException(missing); }
        return carriedOut(what, answer, "was changed by somebody else at the same time" + NOT_CHANGED
            + " here: look at it, then try again");
    }

    /**
     * The document of an answer to a write.
     *
     * @param what for messages
     * @param changed what to say if the resource is not as it was expected
     * @throws UnavailableException if it was refused
     * @throws ConfigurationException if a part of it is wrong
     */
    static JsonNode carriedOut(String what, ApiAnswer answer, String changed) {
        return switch (answer.status()) {
            case ApiAnswer.OK, ApiAnswer.CREATED -> answer.json();
            case ApiAnswer.BAD_REQUEST -> throw new ConfigurationException(what + ": " + answer.problem());
            case ApiAnswer.PRECONDITION_FAILED -> throw new UnavailableException(what + ": " + changed);
            default -> throw new UnavailableException(what + ": " + answer.problem().replace("force=true", "--force"));
        };
    }

    static String text(Map<String, String> body) {
        try {
            return body.isEmpty() ? "" : JSON.writeValueAsString(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
