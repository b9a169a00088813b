package io.weft.controlplane.api.events;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The latest events, in memory. Any thread. */
public final class EventLog {
    private static final int MAX_EVENTS = 1024;

    private final RecentItems<Event> events = new RecentItems<>(MAX_EVENTS);

    void add(String type, String subject, String state, String detail) {
        String time = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
        events.add(id -> new Event(id, time, type, subject, state, detail));
    }

    RecentItems<Event> recent() {
        return events;
    }
}
