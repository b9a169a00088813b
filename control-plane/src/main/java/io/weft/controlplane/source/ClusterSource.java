package io.weft.controlplane.source;

import io.weft.controlplane.model.ObjectKey;
import java.util.Optional;

/**
 * Where cluster objects come from: a directory of manifests, later the Kubernetes API.
 *
 * <p>A source never reports objects as removed because it failed to read them: while it cannot read, it reports nothing
 * and its {@link #status} says since when it is stale.
 */
public interface ClusterSource extends AutoCloseable {

    /** Receives changes, one call at a time, on the source's thread. */
    interface Listener {
        void changed(ClusterChange change);

        /** Status differs from before though no object changed. */
        void statusChanged();
    }

    /** Starts delivering. The first change carries everything there is. */
    void start(Listener listener);

    /** Any thread. */
    SourceStatus status();

    /** Where an object stands, such as {@code FILE:LINE}; empty when there is no such place. Any thread. */
    default Optional<String> origin(ObjectKey key) {
        return Optional.empty();
    }

    @Override
    void close();
}
