package io.weft.controlplane.source.kubernetes;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import io.weft.controlplane.kubernetes.ApiConnection;
import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.source.JsonObjectReader;
import io.weft.controlplane.source.JsonObjectReader.WrongObjectException;
import io.weft.controlplane.source.JsonTree;
import io.weft.controlplane.source.Throttle;
import io.weft.controlplane.source.kubernetes.ApiException.Failure;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Lists and watches one resource. An object lives as JSON only until it has been reduced to Weft's model, so that a list of any length needs
 * no more memory than its longest object
 * (<a href="https://kubernetes.io/docs/reference/using-api/api-concepts/">Kubernetes API Concepts</a>).
 */
final class ResourceReader {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int PAGE = 500;
    private static final int OK = 200;
    private static final Duration LIST_PATIENCE = Duration.ofSeconds(30);
    /** How long a watch may be silent: servers send a bookmark about once a minute. */
    static final Duration WATCH_PATIENCE = Duration.ofSeconds(150);

    /** All objects, as they were at the list's version. */
    record Listing(List<Received> objects, String version) {
    }

    /** Receives the events of a watch on the thread that watches. Each answers whether to go on. */
    interface Events {
        /** The server has accepted the watch. */
        void opened();

        boolean changed(Received object);

        boolean deleted(Received object);

        /** Everything up to this version has arrived. */
        boolean bookmark(String version);
    }

    private final Resource resource;
    private final Duration watchPatience;

    ResourceReader(Resource resource, Duration watchPatience) {
        this.resource = resource;
        this.watchPatience = watchPatience;
    }

    // -- list --------------------------------------------------------------------------------------------------------

    /** @param version {@code 0} for any state that the server has at hand, or empty for the most recent one */
    Listing list(ApiConnection connection, String version) throws ApiException, InterruptedException {
        List<Received> objects = new ArrayList<>();
        Page page = new Page("", "");
        do {
            List<String> parameters = new ArrayList<>(List.of("limit=" + PAGE));
            if (!page.rest().isEmpty()) {
                parameters.add("continue=" + page.rest());
            } else if (!version.isEmpty()) {
                parameters.add("resourceVersion=" + version);
            }
            page = page(connection, resource.query(parameters), objects);
        } while (!page.rest().isEmpty());
        return new Listing(objects, page.version());
    }

    /** @param rest token for the next page; empty after the last */
    private record Page(String version, String rest) {
    }

    private Page page(ApiConnection connection, String query, List<Received> objects)
        throws ApiException, InterruptedException {
        try (ResponseBody body = ResponseBody.get(connection, query, LIST_PATIENCE)) {
            requireOk(body, "list");
            return page(JSON.createParser(body), objects);
        } catch (IOException e) {
            throw failure(connection, "list", e);
        }
    }

    private Page page(JsonParser parser, List<Received> objects) throws IOException, ApiException {
        JsonTree metadata = JsonTree.empty();
        boolean hasItems = false;
        if (parser.nextToken() != JsonToken.START_OBJECT) { throw noList(); }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            if (field.equals("metadata")) {
                metadata = JsonTree.read(parser);
            } else if (field.equals("items")) {
                hasItems = true;
                items(parser, value, objects);
            } else {
                parser.skipChildren();
            }
        }
        String version = metadata.textAt("resourceVersion");
        if (!hasItems || version.isEmpty()) { throw noList(); }
        return new Page(version, metadata.textAt("continue"));
    }

    private void items(JsonParser parser, JsonToken first, List<Received> objects) throws IOException, ApiException {
        if (first == JsonToken.VALUE_NULL) { return; }
        if (first != JsonToken.START_ARRAY) { throw noList(); }
        Throttle throttle = new Throttle();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            objects.add(received(JsonTree.read(parser)));
            throttle.pause();
        }
    }

    private ApiException noList() {
        return new ApiException(Failure.BROKEN, "list " + resource.name() + ": the answer is not a list");
    }

    // -- watch -------------------------------------------------------------------------------------------------------

    /**
     * Returns when the server ends the watch, or the receiver does.
     *
     * @param version of the last event or list that has been received
     * @param limit after which the server ends it, at least a second
     */
    void watch(ApiConnection connection, String version, Duration limit, Events events)
        throws ApiException, InterruptedException {
        String query = resource.query(List.of("watch=1", "allowWatchBookmarks=true", "resourceVersion=" + version,
            "timeoutSeconds=" + Math.max(1, limit.toSeconds())));
        try (ResponseBody body = ResponseBody.get(connection, query, watchPatience)) {
            requireOk(body, "watch");
            events.opened();
            JsonParser parser = JSON.createParser(body);
            boolean goOn = true;
            while (goOn && parser.nextToken() != null) {
                if (parser.currentToken() != JsonToken.START_OBJECT) { throw noEvent(); }
                goOn = event(parser, events);
            }
        } catch (IOException e) {
            throw failure(connection, "watch", e);
        }
    }

    private boolean event(JsonParser parser, Events events) throws IOException, ApiException {
        String type = "";
        JsonTree object = JsonTree.empty();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "type" -> type = parser.getValueAsString("");
                case "object" -> object = JsonTree.read(parser);
                default -> parser.skipChildren();
            }
        }
        return switch (type) {
            case "ADDED", "MODIFIED" -> events.changed(received(object));
            case "DELETED" -> events.deleted(received(object));
            case "BOOKMARK" -> events.bookmark(version(object));
            case "ERROR" ->
                throw ApiErrors.of(ApiErrors.number(object.textAt("code")), object, 0, "watch", resource);
            default -> throw noEvent();
        };
    }

    private ApiException noEvent() {
        return new ApiException(Failure.BROKEN, "watch " + resource.name() + ": an event of no known type");
    }

    // -- both --------------------------------------------------------------------------------------------------------

    private Received received(JsonTree object) throws ApiException {
        ObjectKey key = new ObjectKey(resource.kind(), object.textAt("metadata", "namespace"),
            object.textAt("metadata", "name"));
        if (key.name().isEmpty()) {
            throw new ApiException(Failure.BROKEN, resource.name() + ": an object without metadata.name");
        }
        Optional<ClusterObject> read = Optional.empty();
        String error = "";
        try {
            read = JsonObjectReader.read(resource.kind(), object);
        } catch (WrongObjectException e) {
            error = e.getMessage();
        } catch (RuntimeException | StackOverflowError e) {
            error = "Weft failed on it: " + e;
        }
        return new Received(key, version(object), read, error);
    }

    private String version(JsonTree object) throws ApiException {
        String version = object.textAt("metadata", "resourceVersion");
        if (version.isEmpty()) {
            throw new ApiException(Failure.BROKEN, resource.name() + ": an object without metadata.resourceVersion");
        }
        return version;
    }

    private void requireOk(ResponseBody body, String verb) throws ApiException {
        if (body.code() == OK) { return; }
        JsonTree status = JsonTree.empty();
        try {
            JsonParser parser = JSON.createParser(body);
            if (parser.nextToken() != null) {
                status = JsonTree.read(parser);
            }
        } catch (IOException e) {
            // proxies answer in HTML or nothing: the status code says enough
        }
        throw ApiErrors.of(body.code(), status, body.retryAfterSeconds(), verb, resource);
    }

    private ApiException failure(ApiConnection connection, String verb, IOException failure)
        throws InterruptedException {
        String request = verb + " " + resource.name();
        return switch (failure) {
            case SocketTimeoutException silent ->
                new ApiException(Failure.SILENT, connection.server() + ": " + request + ": " + silent.getMessage());
            case InterruptedIOException _ -> throw new InterruptedException();
            case JsonEOFException _ -> new ApiException(Failure.CUT,
                connection.server() + ": " + request + ": the connection was cut in the middle of an object");
            case JsonProcessingException wrong -> new ApiException(Failure.BROKEN,
                request + ": the answer is not JSON: " + ApiErrors.firstLine(wrong.getOriginalMessage()));
            default -> new ApiException(Failure.CUT,
                connection.server() + ": " + request + ": " + ApiErrors.reason(failure));
        };
    }
}
