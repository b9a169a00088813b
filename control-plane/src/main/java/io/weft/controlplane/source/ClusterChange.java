package io.weft.controlplane.source;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.ObjectKey;
import java.util.List;

/**
 * Objects that appeared, changed or went, as one step.
 *
 * @param arrivalNanos {@link System#nanoTime} when the source first heard of it
 */
public record ClusterChange(long arrivalNanos, List<ClusterObject> updated, List<ObjectKey> removed) {
    public boolean isEmpty() { return updated.isEmpty() && removed.isEmpty(); }
}
