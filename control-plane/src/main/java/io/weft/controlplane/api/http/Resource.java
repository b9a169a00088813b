package io.weft.controlplane.api.http;

import io.helidon.http.HeaderName;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.weft.controlplane.api.access.Role;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A path of the API that is read by GET or HEAD.
 *
 * @param path exact
 * @param role that a client needs; empty: none, not even a token
 * @param mediaTypes that it can answer with; a request that accepts none of them gets 406
 * @param parameters of the query
 */
public record Resource(
    String path, Optional<Role> role, List<String> mediaTypes, Set<String> parameters, Handler handler) {

    /** Serves requests; any thread, several at once. */
    public interface Handler {
        /** @throws ProblemException if the request is wrong */
        void serve(Request request, ServerResponse response);
    }

    /** Answers at once. */
    public interface Reader {
        Answer read(Request request);
    }

    /** A request that may be served. */
    public record Request(ServerRequest raw, Query query) {
        public Optional<String> header(HeaderName name) {
            return raw.headers().first(name);
        }
    }

    /** For clients with the role READ; answers JSON. */
    public static Resource json(String path, Set<String> parameters, Reader reader) {
        return new Resource(path, Optional.of(Role.READ), List.of(Answer.JSON_TYPE), parameters, answering(reader));
    }

    /** For everybody; answers JSON. */
    public static Resource open(String path, Reader reader) {
        return new Resource(path, Optional.empty(), List.of(Answer.JSON_TYPE), Set.of(), answering(reader));
    }

    public static Handler answering(Reader reader) {
        return (request, response) -> Responses.send(request.raw(), response, reader.read(request));
    }
}
