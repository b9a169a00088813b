package io.weft.controlplane.journal;

import io.weft.controlplane.source.ClusterChange;
import io.weft.controlplane.source.ClusterSource;
import io.weft.controlplane.source.SourceStatus;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A source that delivers what a test says. */
final class FakeSource implements ClusterSource {
    Listener listener;
    boolean closed;
    private volatile SourceStatus status = new SourceStatus("fake", false, Optional.empty(), "", List.of("an error"));

    void deliver(ClusterChange change) {
        status = new SourceStatus("fake", true, Optional.empty(), "", List.of());
        listener.changed(change);
    }

    void goAway(Instant since, String reason) {
        status = new SourceStatus("fake", status.synced(), Optional.of(since), reason, List.of());
        listener.statusChanged();
    }

    @Override
    public void start(Listener changes) {
        listener = changes;
    }

    @Override
    public SourceStatus status() {
        return status;
    }

    @Override
    public void close() {
        closed = true;
    }
}
