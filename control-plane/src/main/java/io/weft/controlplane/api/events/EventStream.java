package io.weft.controlplane.api.events;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.ServerResponse;
import io.weft.controlplane.api.access.Role;
import io.weft.controlplane.api.http.ConnectionGuard;
import io.weft.controlplane.api.http.ProblemException;
import io.weft.controlplane.api.http.Resource;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;

/**
 * The events as a stream of server-sent events (WHATWG HTML, section 9.2): first those that are still known, or those after
 * {@code Last-Event-ID}, then each new one. A comment every ten seconds shows that the stream is alive.
 */
public final class EventStream {
    private static final int MAX_STREAMS = 16;
    private static final long KEEP_ALIVE_MILLIS = 10_000;
    private static final String RETRY_SECONDS = "5";
    private static final String MEDIA_TYPE = "text/event-stream";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final EventLog log;
    /** Distinguishes the ids of this control plane from those of an earlier one. */
    private final String run;
    private final Semaphore streams = new Semaphore(MAX_STREAMS);

    public EventStream(EventLog log) {
        this.log = log;
        run = Long.toHexString(System.currentTimeMillis());
    }

    public Resource resource() {
        return new Resource("/api/v1/events", Optional.of(Role.READ), List.of(MEDIA_TYPE), Set.of(), this::serve);
    }

    private void serve(Resource.Request request, ServerResponse response) {
        if (!streams.tryAcquire()) {
            throw ProblemException.of(503, "already " + MAX_STREAMS + " clients read events", "Retry-After",
                RETRY_SECONDS);
        }
        try {
            response.header(HeaderNames.CONTENT_TYPE, MEDIA_TYPE).header(HeaderNames.CACHE_CONTROL, "no-store")
                .header("X-Content-Type-Options", "nosniff");
            if (request.raw().prologue().method().equals(Method.HEAD)) {
                response.send();
                return;
            }
            stream(firstWanted(request.header(HeaderNames.create("Last-Event-ID"))), response);
        } finally {
            streams.release();
        }
    }

    /** @return the id after which the stream starts; 0 also for an id that is unknown */
    private long firstWanted(Optional<String> lastEventId) {
        return lastEventId.filter(id -> id.matches(run + "-[0-9]{1,18}"))
            .map(id -> Long.parseLong(id.substring(run.length() + 1)))
            .filter(id -> id <= log.lastId())
            .orElse(0L);
    }

    private void stream(long after, ServerResponse response) {
        try (OutputStream out = response.outputStream()) {
            long sent = after;
            send(out, ": events of this node\n\n");
            while (true) {
                long first = log.firstId();
                List<Event> events = log.after(sent, KEEP_ALIVE_MILLIS);
                if (sent > 0 && first > sent + 1) {
                    send(out, ": " + (first - sent - 1) + " events are lost\n\n");
                }
                StringBuilder text = new StringBuilder();
                for (Event event : events) {
                    text.append("id: ").append(run).append('-').append(event.id()).append("\nevent: ")
                        .append(event.type()).append("\ndata: ").append(JSON.writeValueAsString(event)).append("\n\n");
                    sent = event.id();
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

    private static void send(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
        ConnectionGuard.progress();
    }
}
