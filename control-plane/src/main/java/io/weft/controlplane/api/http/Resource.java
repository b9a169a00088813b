package io.weft.controlplane.api.http;

import io.helidon.http.HeaderName;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.weft.controlplane.api.access.Role;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A path of the API that is read by GET or HEAD, and perhaps written.
 *
 * @param path exact, except that a segment in braces stands for any text
 * @param role that a client needs; empty: none, not even a token
 * @param mediaTypes that it can answer with; a request that accepts none of them gets 406
 * @param parameters of the query
 * @param writes the other methods that it has
 */
public record Resource(
    String path, Optional<Role> role, List<String> mediaTypes, Set<String> parameters, Handler handler,
    List<Write> writes) {

    /**
     * A method that changes something, for clients with the role OPERATE; answers JSON.
     *
     * @param method for example PUT
     * @param parameters of the query
     * @param members of the JSON object in its body; none if it takes no body
     */
    public record Write(String method, Set<String> parameters, Set<String> members, Writer writer) {
    }

    /** Carries out a write. */
    public interface Writer {
        /** @throws ProblemException if the request is wrong */
        Answer write(Request request, JsonBody body);
    }

    /** One that is only read. */
    public Resource(String path, Optional<Role> role, List<String> mediaTypes, Set<String> parameters,
        Handler handler) {
        this(path, role, mediaTypes, parameters, handler, List.of());
    }

    /** The same with other methods. */
    public Resource with(Write... more) {
        return new Resource(path, role, mediaTypes, parameters, handler, List.of(more));
    }

    /** The write by this method. */
    Optional<Write> write(String method) {
        return writes.stream().filter(write -> write.method().equals(method)).findFirst();
    }

    /** For the header Allow. */
    String methods() {
        StringBuilder methods = new StringBuilder("GET, HEAD");
        writes.forEach(write -> methods.append(", ").append(write.method()));
        return methods.toString();
    }

    /** Whether the path of a request, as it was sent, is this one: Helidon drops "//" and "/.". */
    boolean matches(String rawPath) {
        String[] sent = rawPath.split("/", -1);
        String[] own = path.split("/", -1);
        if (sent.length != own.length) { return false; }
        for (int i = 0; i < own.length; i++) {
            boolean same = own[i].startsWith("{") ? !sent[i].isEmpty() : own[i].equals(sent[i]);
            if (!same) { return false; }
        }
        return true;
    }

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
        /** Whether it came through the Unix socket, which only root can open. */
        public boolean isLocal() {
            return raw.localPeer().address() instanceof UnixDomainSocketAddress;
        }

        public Optional<String> header(HeaderName name) {
            return raw.headers().first(name);
        }

        /** The text that stands for a segment in braces. */
        public String segment(String name) {
            return raw.path().pathParameters().first(name).orElse("");
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
