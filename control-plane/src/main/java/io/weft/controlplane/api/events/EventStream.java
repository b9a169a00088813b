package io.weft.controlplane.api.events;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.ServerResponse;
import io.weft.controlplane.api.access.Role;
import io.weft.controlplane.api.http.ConnectionGuard;
import io.weft.controlplane.api.http.ProblemException;
import io.weft.controlplane.api.http.Query;
import io.weft.controlplane.api.http.Resource;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Items as a stream of server-sent events (WHATWG HTML, section 9.2): first those that are still known, or those after
 * {@code Last-Event-ID}, then each new one. A comment every ten seconds shows that the stream is alive.
 *
 * @param <T> of the items
 */
public final class EventStream<T> {
    private static final int MAX_STREAMS = 16;
    private static final long KEEP_ALIVE_MILLIS = 10_000;
    private static final String RETRY_SECONDS = "5";
    private static final String MEDIA_TYPE = "text/event-stream";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String path;
    private final RecentItems<T> log;
    private final Form<T> form;
    private final Semaphore streams = new Semaphore(MAX_STREAMS);
    /** Of the Unix socket, so that no other client can keep root out. */
    private final Semaphore localStreams = new Semaphore(MAX_STREAMS);

    /**
     * How items are sent.
     *
     * @param type name of an item's event
     * @param data of an item, which becomes JSON
     * @param parameters of the query
     * @param filter what a query asks for; it does not have to call {@link Query#requireCorrect}
     */
    public record Form<T>(Function<T, String> type, Function<T, ?> data, Set<String> parameters,
        Function<Query, Predicate<T>> filter) {
    }

    public EventStream(String path, RecentItems<T> log, Form<T> form) {
        this.path = path;
        this.log = log;
        this.form = form;
    }

    /** That of what has changed on the node. */
    public static Resource of(EventLog events) {
        return new EventStream<>("/api/v1/events", events.recent(),
            new Form<>(Event::type, event -> event, Set.of(), _ -> _ -> true)).resource();
    }

    public Resource resource() {
        return new Resource(path, Optional.of(Role.READ), List.of(MEDIA_TYPE), form.parameters(), this::serve);
    }

    private void serve(Resource.Request request, ServerResponse response) {
        Predicate<T> wanted = form.filter().apply(request.query());
        request.query().requireCorrect();
        Semaphore places = request.isLocal() ? localStreams : streams;
        if (!places.tryAcquire()) {
            throw ProblemException.of(503, "already " + MAX_STREAMS + " clients read this stream", "Retry-After",
                RETRY_SECONDS);
        }
        try {
            response.header(HeaderNames.CONTENT_TYPE, MEDIA_TYPE).header(HeaderNames.CACHE_CONTROL, "no-store")
                .header("X-Content-Type-Options", "nosniff");
            if (request.raw().prologue().method().equals(Method.HEAD)) {
                response.send();
                return;
            }
            stream(firstWanted(request.header(HeaderNames.create("Last-Event-ID"))), wanted, response);
        } finally {
            places.release();
        }
    }

    /** @return the id after which the stream starts; 0 also for an id that is unknown */
    private long firstWanted(Optional<String> lastEventId) {
        return lastEventId.filter(id -> id.matches(log.run() + "-[0-9]{1,18}"))
            .map(id -> Long.parseLong(id.substring(log.run().length() + 1)))
            .filter(id -> id <= log.lastId())
            .orElse(0L);
    }

    private void stream(long after, Predicate<T> wanted, ServerResponse response) {
        try (OutputStream out = response.outputStream()) {
            long sent = after;
            send(out, ": of this node\n\n");
            while (true) {
                long first = log.firstId();
                List<RecentItems.Item<T>> items = log.after(sent, KEEP_ALIVE_MILLIS);
                if (sent > 0 && first > sent + 1) {
                    send(out, ": " + (first - sent - 1) + " events are lost\n\n");
                }
                StringBuilder text = new StringBuilder();
                for (RecentItems.Item<T> item : items) {
                    if (wanted.test(item.value())) {
                        append(text, item);
                    }
                    sent = item.id();
                }
                send(out, text.isEmpty() ? ":\n\n" : text.toString());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the server stops, or the client is too slow
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the client has gone
        }
    }

    private void append(StringBuilder text, RecentItems.Item<T> item) throws JsonProcessingException {
        text.append("id: ").append(log.run()).append('-').append(item.id()).append("\nevent: ")
            .append(form.type().apply(item.value())).append("\ndata: ")
            .append(JSON.writeValueAsString(form.data().apply(item.value()))).append("\n\n");
    }

    private static void send(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
        ConnectionGuard.progress();
    }
}
