package io.weft.controlplane.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.controlplane.kubernetes.KubernetesApi;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeEventsTest {
    private static final Instant START = Instant.parse("2026-11-29T10:00:00.5Z");
    private static final Finding DOWN = new Finding(EventReason.DATAPLANE_DOWN, "down");
    private static final Finding RESTARTED = new Finding(EventReason.DATAPLANE_RESTARTED, "one");

    @TempDir private Path directory;
    private TestApiServer server;
    private KubernetesApi api;
    private NodeEvents events;
    private Instant now = START;

    @BeforeEach
    void prepare() throws IOException {
        server = new TestApiServer();
        api = server.api(directory);
        events = new NodeEvents(new NodeApi(api, "n1"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void anEventIsAboutTheNodeAsTheKubeletsAre() {
        events.occurred(RESTARTED, now);
        events.send(now);
        JsonNode event = server.event();
        assertEquals("{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"n1\",\"uid\":\"n1\"}",
            event.path("involvedObject").toString());
        assertEquals("{\"component\":\"weft\",\"host\":\"n1\"}", event.path("source").toString());
        assertEquals("2026-11-29T10:00:00Z", event.path("firstTimestamp").asText());
        assertEquals("n1.", event.path("metadata").path("name").asText().substring(0, 3));
    }

    @Test
    void countsRepetitionsAtMostOnceAMinute() {
        for (String message : List.of("one", "two", "three")) {
            events.occurred(new Finding(EventReason.DATAPLANE_RESTARTED, message), now);
            events.send(now);
            now = now.plusSeconds(20);
        }
        assertEquals(List.of("Warning DataplaneRestarted x1: one"), server.events());
        events.send(now);
        assertEquals(List.of("Warning DataplaneRestarted x3: three"), server.events());
        assertEquals("2026-11-29T10:00:40Z", server.event().path("lastTimestamp").asText());
        after(Duration.ofHours(1));
        assertEquals(2, server.count(""));
    }

    @Test
    void repeatsWhatLastsEveryHalfHourAndCountsItAgainWhenItComesBack() {
        lasting(DOWN);
        after(Duration.ofMinutes(20));
        lasting(DOWN);
        assertEquals(List.of("Warning DataplaneDown x1: down"), server.events());
        after(Duration.ofMinutes(11));
        lasting(DOWN);
        assertEquals(List.of("Warning DataplaneDown x2: down"), server.events());
        after(Duration.ofMinutes(2));
        lasting();
        lasting(DOWN);
        assertEquals(List.of("Warning DataplaneDown x3: down"), server.events());
    }

    @Test
    void createsAnotherEventWhenTheServerHasDeletedTheFirst() {
        lasting(DOWN);
        server.deleteEvents();
        after(Duration.ofMinutes(31));
        lasting(DOWN);
        after(Duration.ofMinutes(2));
        assertEquals(List.of("Warning DataplaneDown x1: down"), server.events());
    }

    @Test
    void anEventWhoseCreationWasNotAnsweredIsNotCreatedTwice() {
        lasting(DOWN);
        events = new NodeEvents(new NodeApi(api, "n1"));
        lasting(DOWN);
        events.occurred(DOWN, now);
        after(Duration.ofMinutes(2));
        assertEquals(List.of("Warning DataplaneDown x2: down"), server.events());
    }

    @Test
    void keepsTheLatestWhileTheServerIsAwayAndDropsWhatItRefuses() throws IOException {
        server.goAway();
        lasting(DOWN);
        events.occurred(RESTARTED, now);
        server.comeBack();
        after(Duration.ofMinutes(2));
        assertEquals(List.of("Warning DataplaneDown x1: down", "Warning DataplaneRestarted x1: one"),
            server.events().stream().sorted().toList());
        server.fail("PATCH", 403);
        events.occurred(RESTARTED, now);
        after(Duration.ofMinutes(2));
        long requests = server.count("");
        after(Duration.ofMinutes(2));
        assertEquals(requests, server.count(""));
    }

    private void lasting(Finding... findings) {
        events.lasting(List.of(findings), now);
        events.send(now);
    }

    private void after(Duration time) {
        now = now.plus(time);
        events.send(now);
    }
}
