package io.weft.controlplane.source;

import io.weft.controlplane.model.ObjectKey;
import java.util.Optional;

/**
 * A source of cluster objects: the Kubernetes API, or a directory of manifests.
 *
 * <p>A source never reports objects as removed because it failed to read them. While it cannot read, it reports nothing, and its
 * {@link #status} says since when it is stale.
 */
public interface ClusterSource extends AutoCloseable {

    /** Receives changes, one call at a time, on the source's thread. */
    interface Listener {
        void changed(ClusterChange change);

        /** The status changed although no object did. */
        void statusChanged();
    }

    /** Starts delivering. The first change contains every object. */
    void start(Listener listener);

    /** Any thread. */
    SourceStatus status();

    /** Where an object was read, such as {@code FILE:LINE}; empty if unknown. Any thread. */
    default Optional<String> origin(ObjectKey key) {
        return Optional.empty();
    }

    @Override
    void close();
}
