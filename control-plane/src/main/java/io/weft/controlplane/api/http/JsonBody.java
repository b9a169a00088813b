package io.weft.controlplane.api.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.weft.controlplane.api.http.Problem.FieldError;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The JSON object in a request's body; an absent body is an empty object. Everything that is wrong with its members is collected, so that one
 * answer names all of it: a resource that reads members calls {@link #requireCorrect} after the last.
 */
public final class JsonBody {
    private static final int MAX_BYTES = 64 << 10;
    private static final int MAX_DEPTH = 8;
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
        .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .build())
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .build();

    private final JsonNode object;
    private final List<FieldError> errors = new ArrayList<>();

    private JsonBody(JsonNode object, Set<String> known) {
        this.object = object;
        object.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                wrong(name, known.isEmpty() ? "unknown; this request has no body"
                    : "unknown; the members are " + String.join(", ", known.stream().sorted().toList()));
            }
        });
    }

    /**
     * Reads the body.
     *
     * @param known members; others are errors
     * @throws ProblemException if it is too large, of another type, or not a JSON object
     */
    static JsonBody read(ServerRequest request, Set<String> known) {
        byte[] bytes = bytes(request);
        if (bytes.length == 0) { return new JsonBody(JSON.createObjectNode(), known); }
        requireJson(request);
        try {
            JsonNode tree = JSON.readTree(bytes);
            if (tree == null || !tree.isObject()) {
                throw ProblemException.wrong(List.of(new FieldError("", "#", "must be a JSON object")));
            }
            return new JsonBody(tree, known);
        } catch (JacksonException e) {
            throw ProblemException.wrong(List.of(new FieldError("", "#", "is not correct JSON: "
                + e.getOriginalMessage().lines().findFirst().orElse("").replaceAll("[^ -~]", "?")
                + (e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr() + " column "
                    + e.getLocation().getColumnNr()))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(ServerRequest request) {
        if (!request.content().hasEntity()) { return new byte[0]; }
        try (InputStream in = request.content().inputStream()) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw ProblemException.of(413, "the body is too large", "Connection", "close");
            }
            return bytes;
        } catch (NumberFormatException e) { // Helidon's, for the length of a chunk
            throw ProblemException.of(400, "the body is not correctly chunked", "Connection", "close");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void requireJson(ServerRequest request) {
        String type = request.headers().first(HeaderNames.CONTENT_TYPE).orElse("");
        String[] parts = type.toLowerCase(Locale.ROOT).split(";", 2);
        boolean utf8 = parts.length == 1 || parts[1].strip().matches("charset=\"?utf-8\"?");
        if (!parts[0].strip().equals(Answer.JSON_TYPE) || !utf8) {
            throw ProblemException.of(415, "the body must be of the type " + Answer.JSON_TYPE, "Accept",
                Answer.JSON_TYPE);
        }
    }

    /**
     * A member that is a text of printable characters.
     *
     * @param maxLength in code points, as JSON Schema counts them
     */
    public Optional<String> text(String name, int maxLength) {
        JsonNode value = object.path(name);
        if (value.isMissingNode()) { return Optional.empty(); }
        boolean printable = value.isTextual()
            && value.textValue().codePointCount(0, value.textValue().length()) <= maxLength
            && value.textValue().codePoints()
                .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
        if (!printable) {
            wrong(name, "must be a text of at most " + maxLength + " printable characters");
            return Optional.empty();
        }
        return Optional.of(value.textValue());
    }

    /** Reports what is wrong with a member. */
    public void wrong(String name, String detail) {
        errors.add(FieldError.ofBody(name, detail));
    }

    /** @throws ProblemException if anything is wrong */
    public void requireCorrect() {
        if (!errors.isEmpty()) { throw ProblemException.wrong(errors); }
    }
}
