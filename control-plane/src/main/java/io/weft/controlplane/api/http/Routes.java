package io.weft.controlplane.api.http;

import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.HttpMediaType;
import io.helidon.http.Method;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.weft.controlplane.api.access.Access;
import io.weft.controlplane.api.access.Role;
import io.weft.controlplane.status.Failures;
import io.weft.controlplane.view.UnavailableException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** From a request to its resource: authentication first, then path, method, accepted types and parameters. Whatever fails is a problem document. */
final class Routes {
    private static final String CHALLENGE = "Bearer realm=\"weft\"";
    private static final String RETRY_SECONDS = "1";

    private final List<Resource> resources;
    private final Access access;
    private final Failures failures;

    /** @param failures counts unexpected failures */
    Routes(List<Resource> resources, Access access, Failures failures) {
        this.resources = resources;
        this.access = access;
        this.failures = failures;
    }

    HttpRouting.Builder routing() {
        HttpRouting.Builder routing = HttpRouting.builder().addFilter(Routes::endConnection);
        resources.forEach(resource -> routing.any(resource.path(),
            (request, response) -> serve(resource, request, response)));
        return routing
            .any((request, response) -> {
                authorize(request, Optional.of(Role.READ));
                throw unknown(request);
            })
            .error(ProblemException.class, Responses::send)
            .error(UnavailableException.class, (request, response, e) -> Responses.send(request, response,
                ProblemException.of(503, e.getMessage(), "Retry-After", RETRY_SECONDS)))
            .error(RuntimeException.class, this::failed);
    }

    /** For what Helidon refuses before any resource is asked. */
    static DirectHandlers directHandlers() {
        DirectHandlers.Builder handlers = DirectHandlers.builder();
        for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
            handlers.addHandler(type, Routes::refused);
        }
        return handlers.build();
    }

    /**
     * What follows a request that announces the end of the connection must not become another request, but Helidon reads on. It is also lenient with
     * chunks and header lines: where they may be read in two ways, the connection ends with the answer.
     */
    private static void endConnection(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        if (request.headers().contains(HeaderNames.TRANSFER_ENCODING)) {
            response.header(HeaderValues.CONNECTION_CLOSE);
        }
        if (request.headers().stream().anyMatch(header -> header.name().isBlank())) {
            Responses.send(request, response,
                ProblemException.of(400, "a header has no name", "Connection", "close"));
        } else {
            chain.proceed();
        }
        if (request.headers().containsToken(HeaderValues.CONNECTION_CLOSE)
            || response.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
            throw new CloseConnectionException("as announced");
        }
    }

    private void serve(Resource resource, ServerRequest request, ServerResponse response) {
        Method method = request.prologue().method();
        Optional<Resource.Write> write = resource.write(method.text());
        authorize(request, write.isPresent() ? Optional.of(Role.OPERATE) : resource.role());
        if (!resource.matches(request.path().rawPath())) { throw unknown(request); }
        if (write.isPresent()) {
            write(write.get(), request, response);
            return;
        }
        if (!method.equals(Method.GET) && !method.equals(Method.HEAD)) {
            throw ProblemException.of(405, "the methods of this resource are " + resource.methods(), "Allow",
                resource.methods());
        }
        requireAccepted(resource.mediaTypes(), request);
        resource.handler().serve(new Resource.Request(request, query(resource.parameters(), request)), response);
    }

    private static void write(Resource.Write write, ServerRequest request, ServerResponse response) {
        requireAccepted(List.of(Answer.JSON_TYPE), request);
        Query query = query(write.parameters(), request);
        JsonBody body = JsonBody.read(request, write.members());
        body.requireCorrect();
        Responses.send(request, response, write.writer().write(new Resource.Request(request, query), body));
    }

    private static ProblemException unknown(ServerRequest request) {
        return ProblemException.of(404, "there is no " + printable(request) + "; /api/v1/openapi.json lists all");
    }

    private static Query query(Set<String> parameters, ServerRequest request) {
        Query query;
        try {
            query = new Query(request.query(), parameters);
        } catch (IllegalArgumentException e) {
            throw ProblemException.of(400, "the query is not correctly encoded");
        }
        query.requireCorrect();
        return query;
    }

    private void authorize(ServerRequest request, Optional<Role> needed) {
        if (needed.isEmpty()) { return; }
        Optional<String> authorization = request.headers().first(HeaderNames.AUTHORIZATION);
        Optional<Role> role = access.role(authorization);
        if (role.isEmpty()) {
            throw ProblemException.of(401, authorization.isEmpty() ? "a bearer token is needed" : "unknown token",
                "WWW-Authenticate", CHALLENGE + (authorization.isEmpty() ? "" : ", error=\"invalid_token\""));
        }
        if (!role.get().includes(needed.get())) {
            throw ProblemException.of(403, "the token's role does not allow this", "WWW-Authenticate",
                CHALLENGE + ", error=\"insufficient_scope\"");
        }
    }

    private static void requireAccepted(List<String> mediaTypes, ServerRequest request) {
        boolean acceptable;
        try {
            acceptable = mediaTypes.stream()
                .anyMatch(type -> request.headers().isAccepted(HttpMediaType.create(type)));
        } catch (IllegalArgumentException e) {
            throw ProblemException.wrong("Accept", "must be a list of media types");
        }
        if (!acceptable) {
            throw ProblemException.of(406, "this resource has the types " + String.join(", ", mediaTypes));
        }
    }

    /** What ends a connection is left to Helidon. */
    private void failed(ServerRequest request, ServerResponse response, RuntimeException e) {
        if (e instanceof CloseConnectionException || e instanceof ServerConnectionException
            || e instanceof HttpException) {
            throw e;
        }
        failures.add("API request " + printable(request), e);
        Responses.send(request, response, ProblemException.of(500, "an unexpected failure, which the log describes"));
    }

    private static DirectHandler.TransportResponse refused(DirectHandler.TransportRequest request,
        DirectHandler.EventType type, Status status, ServerResponseHeaders headers, String message) {
        Status answer = status.code() < 400 ? Status.BAD_REQUEST_400 : status;
        headers.set(HeaderNames.CONTENT_TYPE, Problem.MEDIA_TYPE);
        if (answer.code() == Status.SERVICE_UNAVAILABLE_503.code()) {
            headers.set(HeaderNames.RETRY_AFTER, RETRY_SECONDS);
        }
        return DirectHandler.TransportResponse.builder().status(answer).headers(headers).keepAlive(false)
            .entity(Answer.bytes(new Problem(answer.code(), answer.reasonPhrase(), detail(answer, type), List.of())))
            .build();
    }

    private static String detail(Status status, DirectHandler.EventType type) {
        return switch (status.code()) {
            case 413 -> "the body is too large";
            case 503 -> "too many requests at once; try again";
            default -> type == DirectHandler.EventType.BAD_REQUEST ? "not a correct request" : "";
        };
    }

    private static String printable(ServerRequest request) {
        return request.path().rawPath().replaceAll("[^!-~]", "?");
    }
}
