package io.weft.controlplane.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import io.helidon.common.tls.Tls;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webclient.api.Proxy;
import io.helidon.webclient.http1.Http1Client;
import io.helidon.webclient.http1.Http1ClientConfig;
import io.helidon.webclient.http1.Http1ClientRequest;
import io.helidon.webclient.http1.Http1ClientResponse;
import io.weft.controlplane.view.NodeStatus;
import io.weft.controlplane.view.Table;
import io.weft.controlplane.view.UnavailableException;
import io.weft.controlplane.view.View;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/**
 * A node behind its REST API: this one through the socket for root, or any one by its address. An error is an {@link UnavailableException} of
 * one line. One thread. Cold code.
 */
final class ApiClient implements NodeSource {
    private static final TypeReference<List<LinkedHashMap<String, Object>>> ROWS = new TypeReference<>() {
    };
    private static final Duration CONNECT = Duration.ofSeconds(5);
    /** Without a byte; streams have one every ten seconds. */
    private static final Duration SILENCE = Duration.ofSeconds(30);
    private static final int PAGE = 5000;
    private static final Pattern NEXT = Pattern.compile("<([^>]+)>; *rel=\"?next\"?");

    private final String place;
    private final String token;
    private final Http1Client client;

    private ApiClient(String place, String token, Http1Client client) {
        this.place = place;
        this.token = token;
        this.client = client;
    }

    /**
     * @param token empty for none
     * @param tls empty for a server without TLS
     */
    static ApiClient of(URI server, String token, Optional<SSLContext> tls) {
        Http1ClientConfig.Builder client = builder().baseUri(server);
        tls.ifPresent(context -> client.tls(Tls.builder().sslContext(context).build()));
        return new ApiClient(server.toString(), token, client.build());
    }

    /** This node, through the Unix socket; who may open it needs no token. */
    static ApiClient of(Path socket) {
        if (!Files.exists(socket)) {
            throw new UnavailableException(socket + ": no such file or directory (is the control plane running?)");
        }
        if (!Files.isWritable(socket)) {
            throw new UnavailableException(socket + ": permission denied (run as root?)");
        }
        return new ApiClient(socket.toString(), "",
            builder().baseUri("http://weft").baseAddress(UnixDomainSocketAddress.of(socket)).build());
    }

    private static Http1ClientConfig.Builder builder() {
        return Http1Client.builder().connectTimeout(CONNECT).readTimeout(SILENCE).proxy(Proxy.noProxy())
            .followRedirects(false);
    }

    @Override
    public Table table(View view, boolean all) {
        return table("/api/v1/" + view
            + (view == View.FLOWS ? "?limit=" + PAGE : all && view.omitsZeros() ? "?all=true" : ""), view.newTable());
    }

    /**
     * The rows of a list, of all its pages.
     *
     * @param path with the query
     * @param empty the answer if there are none
     */
    Table table(String path, Table empty) {
        List<Map<String, Object>> rows = new ArrayList<>();
        Optional<String> next = Optional.of(path);
        while (next.isPresent()) {
            ApiAnswer page = get(next.get());
            rows.addAll(page.as(ROWS));
            next = page.next();
        }
        return rows.isEmpty() ? empty : Table.ofObjects(rows);
    }

    @Override
    public NodeStatus status() {
        return get("/api/v1/node").as(new TypeReference<>() {
        });
    }

    @Override
    public String place() {
        return place;
    }

    /** @throws UnavailableException also if the answer is a problem */
    ApiAnswer get(String path) {
        ApiAnswer answer = send("GET", path, Map.of(), "");
        if (answer.isDone()) { return answer; }
        throw new UnavailableException(place + path + ": " + answer.status() + " " + answer.problem());
    }

    /**
     * Sends a request, whatever the answer is.
     *
     * @param path with the query, encoded
     * @param body JSON; empty for none
     * @throws UnavailableException if there is no answer
     */
    ApiAnswer send(String method, String path, Map<String, String> headers, String body) {
        Http1ClientRequest request = request(method, path, "application/json");
        headers.forEach((name, value) -> request.header(HeaderNames.create(name), value));
        if (!body.isEmpty()) {
            request.header(HeaderNames.CONTENT_TYPE, "application/json");
        }
        try (Http1ClientResponse response = body.isEmpty() ? request.request() : request.submit(body)) {
            String text = new String(response.inputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new ApiAnswer(place, response.status().code(), response.headers().first(HeaderNames.ETAG),
                response.headers().first(HeaderNames.LINK).map(NEXT::matcher).filter(Matcher::find)
                    .map(link -> link.group(1)),
                text);
        } catch (IOException | RuntimeException e) {
            throw noAnswer(e);
        }
    }

    /**
     * Reads a stream of server-sent events.
     *
     * @param line receives each line; returns false to end it
     * @throws UnavailableException if it cannot be read, or when it breaks off
     */
    void stream(String path, Predicate<String> line) {
        try (Http1ClientResponse response = request("GET", path, "text/event-stream").request();
            InputStream bytes = response.inputStream()) {
            if (response.status().code() != ApiAnswer.OK) {
                ApiAnswer answer = new ApiAnswer(place, response.status().code(), Optional.empty(), Optional.empty(),
                    new String(bytes.readAllBytes(), StandardCharsets.UTF_8));
                throw new UnavailableException(place + path + ": " + answer.status() + " " + answer.problem());
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8));
            String next = lines.readLine();
            while (next != null && line.test(next)) {
                next = lines.readLine();
            }
            if (next == null) { throw new UnavailableException(place + ": the stream has ended"); }
        } catch (IOException | UncheckedIOException | IllegalStateException e) {
            throw noAnswer(e);
        }
    }

    private Http1ClientRequest request(String method, String path, String accepted) {
        Http1ClientRequest request = client.method(Method.create(method)).skipUriEncoding(true).uri(path)
            .header(HeaderNames.ACCEPT, accepted);
        return token.isEmpty() ? request : request.header(HeaderNames.AUTHORIZATION, "Bearer " + token);
    }

    /** The innermost cause says what has happened. */
    private UnavailableException noAnswer(Exception e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new UnavailableException(place + ": " + why.lines().findFirst().orElse("no connection"));
    }
}
